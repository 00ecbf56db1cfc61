import { ipizzaSimulator } from '../ipizza/simulator.ts'

/** Swedbank Latvia from its own side: lengths and languages of its BankLink document (2019). */
export const swedbankLvSimulator = ipizzaSimulator({
  channel: 'swedbank-lv',
  bankId: 'HP',
  services: ['1001', '1002', '1011', '1012'],
  zone: 'Europe/Riga',
  currencies: ['EUR'],
  lengths: {
    VK_SERVICE: 4,
    VK_VERSION: 3,
    VK_SND_ID: 10,
    VK_STAMP: 20,
    VK_AMOUNT: 17,
    VK_CURR: 3,
    VK_ACC: 34,
    VK_NAME: 70,
    VK_REF: 20,
    VK_MSG: 300,
    VK_RETURN: 150,
    VK_CANCEL: 150,
    VK_MAC: 700,
    VK_LANG: 3,
  },
  languages: ['LAT', 'ENG', 'RUS'],
  bothTexts: false,
  tellsOfRefusals: false,
  accepts: false,
  payeeField: 'VK_REC_ACC',
})

import { ipizzaChannel } from '../ipizza/family.ts'
import type { Profile } from '../ipizza/profile.ts'

/** Swedbank Latvia's BankLink. Each figure with its source: README.md beside this file. */
const profile: Profile = {
  id: 'swedbank-lv',
  name: { lv: 'Swedbank', en: 'Swedbank' },
  bankId: 'HP',
  limits: {
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
  },
  texts: 'one',
  queryInReturn: false,
  languages: { lv: 'LAT', en: 'ENG', ru: 'RUS' },
  otherLanguage: 'ENG',
  zone: 'Europe/Riga',
}

export const swedbankLvChannel = ipizzaChannel(profile)

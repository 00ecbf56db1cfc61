import type { Profile } from './profile.ts'

/**
 * The banks of the family, a row each. Each figure with its source and certainty: README.md in the folder of that name.
 * What a contract may say otherwise is a setting, not a row.
 */

/** The Estonian standard of 2014. */
const ESTONIAN = {
  services: ['1001', '1002', '1011', '1012'],
  limits: {
    VK_SND_ID: 15,
    VK_STAMP: 20,
    VK_AMOUNT: 12,
    VK_CURR: 3,
    VK_ACC: 34,
    VK_NAME: 70,
    VK_REF: 35,
    VK_MSG: 95,
    VK_RETURN: 255,
    VK_CANCEL: 255,
  },
  texts: 'both',
  queryInReturn: true,
  languages: { et: 'EST', en: 'ENG', ru: 'RUS' },
  otherLanguage: 'ENG',
  zone: 'Europe/Tallinn',
} as const satisfies Partial<Profile>

/** Swedbank Latvia's document of 2019. */
const LATVIAN = {
  services: ['1001', '1002', '1011', '1012'],
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
} as const satisfies Partial<Profile>

const same = (name: string) => ({ lv: name, en: name })

export const swedbankLvProfile: Profile = { ...LATVIAN, id: 'swedbank-lv', name: same('Swedbank'), bankId: 'HP' }

export const swedbankEeProfile: Profile = {
  ...ESTONIAN,
  id: 'swedbank-ee',
  name: same('Swedbank Eesti'),
  bankId: 'HP',
  limits: { ...ESTONIAN.limits, VK_AMOUNT: 17, VK_REF: 20 },
}

export const sebEeProfile: Profile = { ...ESTONIAN, id: 'seb-ee', name: same('SEB Eesti'), bankId: 'EYP' }

export const lhvEeProfile: Profile = {
  ...ESTONIAN,
  id: 'lhv-ee',
  name: same('LHV'),
  bankId: 'LHV',
  services: ['1011', '1012'],
}

export const luminorEeProfile: Profile = {
  ...ESTONIAN,
  id: 'luminor-ee',
  name: same('Luminor Eesti'),
  bankId: 'LUMINOR',
}

export const coopEeProfile: Profile = { ...ESTONIAN, id: 'coop-ee', name: same('Coop Pank'), bankId: 'KREP' }

/** No document of this bank was found: the stricter of the known lengths, one text, and its own id from the contract. */
export const sebLtProfile: Profile = {
  ...LATVIAN,
  id: 'seb-lt',
  name: same('SEB Lietuva'),
  limits: { ...LATVIAN.limits, VK_AMOUNT: 12, VK_MSG: 95 },
  languages: { lt: 'LIT', en: 'ENG', ru: 'RUS' },
  zone: 'Europe/Vilnius',
  payeeField: 'VK_ACC',
}

import type { Language } from '../../src/kernel/language.ts'
import { parseInstant } from '../../src/kernel/time.ts'
import type {
  AssetAddresses,
  Bill,
  Brand,
  Frame,
  OfferChoice,
  PayerPage,
  PaymentReceipt,
  ProblemKind,
} from '../../src/payments/pages/index.ts'

/** Every page of the payer's in every state, for two invented merchants, to be looked at and measured. */

export const THEMES = {
  liepkalni: { brandColour: '#1d4f91', onBrandColour: '#ffffff' },
  dzelmes: { brandColour: '#17663f', onBrandColour: '#ffffff' },
} as const
export type ThemeName = keyof typeof THEMES

/** A short-named municipality with a logo; a utility with names as long as they come, and none. */
const BRANDS: Readonly<Record<ThemeName, Omit<Brand, 'stylesheet' | 'texts'>>> = {
  liepkalni: {
    merchant: { lv: 'Liepkalnu novada pašvaldība', en: 'Liepkalni Municipality' },
    eService: { lv: 'Nekustamā īpašuma nodoklis', en: 'Property tax' },
    registrationNumber: '90999900005',
    logo: '/look/liepkalni.svg',
    support: { email: 'nodokli@liepkalni.example', phone: '+371 60000000' },
    privacyUrl: 'https://liepkalni.example/privatums',
  },
  dzelmes: {
    merchant: {
      lv: 'SIA “Dzelmes un Augškalnes apvienotā ūdenssaimniecība un siltumapgāde”',
      en: 'Dzelme and Augškalne United Water and District Heating Company, Limited Liability',
    },
    eService: {
      lv: 'Komunālo pakalpojumu rēķinu apmaksas portāls iedzīvotājiem',
      en: 'Utility bill payment portal for residents',
    },
    support: { url: 'https://dzelmesudens.example/palidziba' },
  },
}

const moment = (text: string) => parseInstant(text) ?? 0

const BILLS: Readonly<Record<ThemeName, Bill>> = {
  liepkalni: {
    description: {
      lv: 'Nekustamā īpašuma nodoklis, 2026. gada 4. ceturksnis',
      en: 'Property tax, fourth quarter of 2026',
    },
    amount: { amountMinor: 12_540, currency: 'EUR' },
    reference: 'NIN-2026-000123',
    payUntil: moment('2026-12-23T21:59:00Z'),
  },
  dzelmes: {
    description: {
      lv: 'Ūdens, kanalizācija un apkure par 2026. gada oktobri, Ezera ielā 14A–37, Augškalnē, ar skaitītāja rādījumu 00123456 un parādu no augusta',
      en: 'Water, sewerage and heating for October 2026, Ezera iela 14A–37, Augškalne, with meter reading 00123456 and arrears from August',
    },
    amount: { amountMinor: 99_999_999_999, currency: 'EUR' },
    reference: 'DZ/2026/10/0123456789-ABCDEFGHIJKLM',
    payUntil: moment('2026-11-30T21:59:00Z'),
  },
}

const tile = (id: string, lv: string, en = lv): OfferChoice => ({
  id,
  name: { lv, en },
  logo: `/look/${id}.svg`,
  health: 'good',
})

const KASKA = tile('kaska', 'Kaskbanka')
const DZINTARS = tile('dzintars', 'Dzintara banka')
const UPE = tile('upe', 'Upes banka')

export const OFFERS: readonly OfferChoice[] = [
  KASKA,
  DZINTARS,
  UPE,
  tile('karte', 'Maksājumu karte', 'Payment card'),
  tile('klets', 'Klēts krājaizdevu sabiedrība', 'Klēts Credit Union'),
]

const TROUBLED: readonly OfferChoice[] = OFFERS.map((offer) => {
  if (offer.id === 'kaska') {
    const pauseText = { lv: 'Banka veic plānotus uzlabojumus.', en: 'The bank is carrying out planned work.' }
    return { ...offer, health: 'paused', pausedUntil: moment('2026-11-23T20:00:00Z'), pauseText }
  }
  return offer.id === 'upe' ? { ...offer, health: 'failing' } : offer
})

const REASONS = [
  'declined',
  'rejected',
  'cancelled_by_payer',
  'expired_at_psp',
  'not_begun',
  'reversed',
  'ruled_not_paid',
] as const
const PROBLEMS: readonly ProblemKind[] = [
  'not_found',
  'gone',
  'bad_request',
  'bad_order',
  'too_many',
  'fault',
  'unavailable',
]

export const frameOf = (theme: ThemeName, language: Language, assets: AssetAddresses): Frame => ({
  language,
  languages: ['lv', 'en'],
  pay: '/pay/4f8kq2m7',
  assets,
  brand: { ...BRANDS[theme], stylesheet: `/look/${theme}.css`, texts: {} },
  mode: theme === 'liepkalni' ? 'live' : 'test',
  quote: '7F3K-92QD',
})

type OnBill = { readonly frame: Frame; readonly bill: Bill }
type Pages = Record<string, PayerPage>

/** Name → page. */
export const gallery = (frame: Frame, theme: ThemeName): ReadonlyMap<string, PayerPage> => {
  const bill = BILLS[theme]
  const on = { frame, bill }
  const receipt: PaymentReceipt = {
    paid: bill.amount,
    paidAt: moment('2026-11-23T08:14:00Z'),
    through: KASKA.name,
    bankReference: '2026112300417',
    payee: { name: frame.brand.merchant.lv ?? '', iban: 'LV07HABA0000000000001' },
  }
  const pages = { ...toPay(on), ...told(on, receipt), ...notPaid(on), ...attention(on, receipt), ...problems(frame) }
  return new Map(Object.entries(pages))
}

const begun = { offer: KASKA.id, name: KASKA.name }
const toPay = (on: OnBill): Pages => ({
  choose: { page: 'choose', ...on, offers: OFFERS },
  'choose-last': { page: 'choose', ...on, offers: OFFERS, last: DZINTARS.id },
  'choose-nothing': { page: 'choose', ...on, offers: OFFERS, mistake: 'nothing_chosen' },
  'choose-not-offered': { page: 'choose', ...on, offers: OFFERS, mistake: 'not_offered', last: DZINTARS.id },
  'choose-troubled': { page: 'choose', ...on, offers: TROUBLED, last: KASKA.id },
  'choose-refused': {
    page: 'choose',
    ...on,
    offers: OFFERS,
    last: KASKA.id,
    refused: { name: KASKA.name, reason: 'declined' },
  },
  'choose-begun': { page: 'choose', ...on, offers: OFFERS, begun },
  'choose-shown-out': {
    page: 'choose',
    ...on,
    offers: OFFERS.filter((offer) => offer !== KASKA),
    begun: { ...begun, isShownOut: true },
  },
  'choose-shown-out-only': { page: 'choose', ...on, offers: [], begun: { ...begun, isShownOut: true } },
  'choose-tried-out': { page: 'choose', ...on, offers: [], isTriedOut: true },
  'choose-one': { page: 'choose', ...on, offers: [UPE] },
  'choose-none': { page: 'choose', ...on, offers: [] },
  confirm: { page: 'confirm', ...on, begun, next: { offer: DZINTARS.id, name: DZINTARS.name } },
  'going-form': {
    page: 'going',
    ...on,
    offer: KASKA,
    step: {
      step: 'form',
      url: '/bank',
      charset: 'UTF-8',
      fields: [
        ['VK_SERVICE', '1012'],
        ['VK_MSG', 'Nodoklis "2026" <LV> & ķēde'],
        ['submit', 'a field that hides the form’s own'],
      ],
    },
  },
  'going-redirect': { page: 'going', ...on, offer: DZINTARS, step: { step: 'redirect', url: '/bank?id=1&x=<2>' } },
})

const told = (on: OnBill, receipt: PaymentReceipt): Pages => {
  const half = { amountMinor: Math.floor(receipt.paid.amountMinor / 2), currency: 'EUR' }
  return {
    paid: { page: 'paid', ...on, receipt },
    'paid-refunded': { page: 'paid', ...on, receipt: { ...receipt, refunded: half, reversed: half } },
    'processing-taken': {
      page: 'processing',
      ...on,
      known: 'taken',
      through: KASKA.name,
      refreshes: true,
      mayChoose: false,
    },
    'processing-asking': {
      page: 'processing',
      ...on,
      known: 'asking',
      through: KASKA.name,
      refreshes: true,
      mayChoose: true,
    },
    'processing-still': {
      page: 'processing',
      ...on,
      known: 'asking',
      through: KASKA.name,
      refreshes: false,
      mayChoose: true,
    },
    closing: { page: 'closing', ...on, as: 'cancelled', through: KASKA.name, refreshes: true },
    receipt: { page: 'receipt', ...on, receipt, issuedAt: moment('2026-11-23T08:20:00Z') },
  }
}

const notPaid = (on: OnBill): Pages => {
  const pages: Pages = {}
  for (const reason of REASONS) {
    const mayTryAgain = reason !== 'rejected'
    pages[`not-paid-${reason}`] = { page: 'not-paid', ...on, through: KASKA.name, reason, mayTryAgain }
  }
  for (const as of ['cancelled', 'expired', 'refused'] as const) pages[`closed-${as}`] = { page: 'closed', ...on, as }
  return pages
}

const attention = (on: OnBill, receipt: PaymentReceipt): Pages =>
  Object.fromEntries(
    (['paid_twice', 'paid_late', 'reversed', 'stuck'] as const).map((flag) => [
      `attention-${flag}`,
      { page: 'attention', ...on, flag, ...(flag !== 'stuck' && { receipt }) },
    ]),
  )

const problems = (frame: Frame): Pages =>
  Object.fromEntries(PROBLEMS.map((problem) => [`problem-${problem}`, problemOf(frame, problem)]))

const problemOf = (frame: Frame, problem: ProblemKind): PayerPage => {
  const { brand, pay, ...bare } = frame
  const known = problem === 'bad_request' || problem === 'too_many' || problem === 'fault'
  return {
    page: 'problem',
    frame: known ? frame : { ...bare, support: { email: 'palidziba@cma.example' } },
    problem,
    money: problem === 'fault' || problem === 'unavailable' ? 'being_checked' : 'none_moved',
    ...(problem === 'bad_order' && { detail: 'Claim "exp" is 14 minutes in the past.' }),
  }
}

import type { SignatureAlgorithm } from '../channel.ts'

/**
 * The IPizza (Pangalink) family: which fields each message signs, in order. Data, so that a further bank costs a profile.
 * Sources and certainty of each row: ../swedbank-lv/README.md.
 */

/** 1001 and 1011 name the beneficiary; with 1002 and 1012 the account is that of the contract. */
export const REQUESTS = {
  '1001': [
    'VK_SERVICE',
    'VK_VERSION',
    'VK_SND_ID',
    'VK_STAMP',
    'VK_AMOUNT',
    'VK_CURR',
    'VK_ACC',
    'VK_NAME',
    'VK_REF',
    'VK_MSG',
  ],
  '1002': ['VK_SERVICE', 'VK_VERSION', 'VK_SND_ID', 'VK_STAMP', 'VK_AMOUNT', 'VK_CURR', 'VK_REF', 'VK_MSG'],
  '1011': [
    'VK_SERVICE',
    'VK_VERSION',
    'VK_SND_ID',
    'VK_STAMP',
    'VK_AMOUNT',
    'VK_CURR',
    'VK_ACC',
    'VK_NAME',
    'VK_REF',
    'VK_MSG',
    'VK_RETURN',
    'VK_CANCEL',
    'VK_DATETIME',
  ],
  '1012': [
    'VK_SERVICE',
    'VK_VERSION',
    'VK_SND_ID',
    'VK_STAMP',
    'VK_AMOUNT',
    'VK_CURR',
    'VK_REF',
    'VK_MSG',
    'VK_RETURN',
    'VK_CANCEL',
    'VK_DATETIME',
  ],
} as const
export type RequestService = keyof typeof REQUESTS
export type RequestField = (typeof REQUESTS)[RequestService][number]

/** Fields that travel beside the signed ones: 1001 and 1002 do not sign their return address. */
export const UNSIGNED: Readonly<Record<RequestService, readonly 'VK_RETURN'[]>> = {
  '1001': ['VK_RETURN'],
  '1002': ['VK_RETURN'],
  '1011': [],
  '1012': [],
}

const OF_ANSWER = ['VK_SERVICE', 'VK_VERSION', 'VK_SND_ID', 'VK_REC_ID', 'VK_STAMP'] as const
const OF_PAYMENT = [
  'VK_AMOUNT',
  'VK_CURR',
  'VK_REC_ACC',
  'VK_REC_NAME',
  'VK_SND_ACC',
  'VK_SND_NAME',
  'VK_REF',
  'VK_MSG',
] as const
const OF_REFUSAL = ['VK_REF', 'VK_MSG'] as const

export type AnswerField =
  | (typeof OF_ANSWER)[number]
  | (typeof OF_PAYMENT)[number]
  | (typeof OF_REFUSAL)[number]
  | 'VK_T_NO'
  | 'VK_ERROR_CODE'
  | 'VK_T_DATE'
  | 'VK_T_DATETIME'

/** What a service of the bank means, and what it signs. */
export type AnswerForm = {
  readonly says: 'paid' | 'accepted' | 'refused'
  readonly signed: readonly AnswerField[]
}

const ANSWERS: Readonly<Record<string, AnswerForm>> = {
  '1101': { says: 'paid', signed: [...OF_ANSWER, 'VK_T_NO', ...OF_PAYMENT, 'VK_T_DATE'] },
  '1111': { says: 'paid', signed: [...OF_ANSWER, 'VK_T_NO', ...OF_PAYMENT, 'VK_T_DATETIME'] },
  '1201': { says: 'accepted', signed: [...OF_ANSWER, ...OF_PAYMENT] },
  '1901': { says: 'refused', signed: [...OF_ANSWER, ...OF_REFUSAL] },
  '1902': { says: 'refused', signed: [...OF_ANSWER, ...OF_REFUSAL, 'VK_ERROR_CODE'] },
  '1911': { says: 'refused', signed: [...OF_ANSWER, ...OF_REFUSAL] },
}

/** Without these a message says nothing; any other signed field may be left out, which signs as an empty one. */
export const NEEDED: Readonly<Record<AnswerForm['says'], readonly AnswerField[]>> = {
  paid: [...OF_ANSWER, 'VK_AMOUNT', 'VK_CURR'],
  accepted: [...OF_ANSWER, 'VK_AMOUNT', 'VK_CURR'],
  refused: OF_ANSWER,
}

export const answerForm = (service: string): AnswerForm | undefined =>
  Object.hasOwn(ANSWERS, service) ? ANSWERS[service] : undefined

export const VERSIONS = { '008': 'rsa-sha1', '009': 'rsa-sha512' } as const satisfies Record<string, SignatureAlgorithm>

import type { SignatureAlgorithm } from '../channel.ts'

/** SEB Latvia's e-Link: which fields each message signs, in order. Sources and certainty: README.md beside this file. */

export const ORDER_FIELDS = [
  'IB_SND_ID',
  'IB_SERVICE',
  'IB_VERSION',
  'IB_AMOUNT',
  'IB_CURR',
  'IB_NAME',
  'IB_PAYMENT_ID',
  'IB_PAYMENT_DESC',
] as const
export type OrderField = (typeof ORDER_FIELDS)[number]

/** Longest values of what we send, in characters. */
export const LIMITS: Readonly<Record<OrderField | 'IB_FEEDBACK', number>> = {
  IB_SND_ID: 10,
  IB_SERVICE: 4,
  IB_VERSION: 3,
  IB_AMOUNT: 17,
  IB_CURR: 3,
  IB_NAME: 30,
  IB_PAYMENT_ID: 20,
  IB_PAYMENT_DESC: 100,
  IB_FEEDBACK: 150,
}

/** `needed`: without these the message says nothing. Any other signed field may be left out, which signs as an empty one. */
type AnswerForm = { readonly signed: readonly string[]; readonly needed: readonly string[] }

const OF_ANSWER = ['IB_SND_ID', 'IB_SERVICE', 'IB_VERSION', 'IB_REC_ID', 'IB_PAYMENT_ID']

/** 0003: the payer confirmed, the bank accepted. 0004: the last word, which alone signs IB_FROM_SERVER and tells no amount. */
const ANSWERS: Readonly<Record<string, AnswerForm>> = {
  '0003': {
    signed: [
      'IB_SND_ID',
      'IB_SERVICE',
      'IB_VERSION',
      'IB_PAYMENT_ID',
      'IB_AMOUNT',
      'IB_CURR',
      'IB_REC_ID',
      'IB_REC_ACC',
      'IB_REC_NAME',
      'IB_PAYER_ACC',
      'IB_PAYER_NAME',
      'IB_PAYMENT_DESC',
      'IB_PAYMENT_DATE',
      'IB_PAYMENT_TIME',
    ],
    needed: [...OF_ANSWER, 'IB_AMOUNT', 'IB_CURR'],
  },
  '0004': {
    signed: [
      'IB_SND_ID',
      'IB_SERVICE',
      'IB_VERSION',
      'IB_REC_ID',
      'IB_PAYMENT_ID',
      'IB_PAYMENT_DESC',
      'IB_FROM_SERVER',
      'IB_STATUS',
    ],
    needed: [...OF_ANSWER, 'IB_FROM_SERVER', 'IB_STATUS'],
  },
}

export const answerForm = (service: string): AnswerForm | undefined =>
  Object.hasOwn(ANSWERS, service) ? ANSWERS[service] : undefined

/** Newest first. */
export const VERSIONS = ['002', '001'] as const
export type Version = (typeof VERSIONS)[number]

export const ALGORITHMS: Readonly<Record<Version, SignatureAlgorithm>> = { '002': 'rsa-sha512', '001': 'rsa-sha1' }

/** IB_SND_ID of everything the bank says. */
export const BANK_ID = 'SEBUB'
export const ZONE = 'Europe/Riga'

import type { Chance } from '../../torture/chance.ts'
import type { ApiDocument, ApiOperation, ApiParameter } from './document.ts'

/** A request that the hub would take, about to be spoilt. */
export type Draft = {
  readonly segments: Map<string, string>
  query: readonly (readonly [name: string, value: string])[]
  headers: readonly (readonly [name: string, value: string])[]
  json: unknown
  /** Sent instead of the JSON. */
  bytes: Uint8Array | undefined
  caller: 'ours' | 'theirs' | 'nobody'
  /** Why it must not be taken, where no schema says so. */
  refused: string | undefined
  /** Whose the ids in the path are; undefined: nobody's. */
  owner: 'ours' | 'theirs' | undefined
  readonly foreign: Foreign
}

/** Another e-service's key and ids. */
export type Foreign = {
  readonly key: string
  /** A payment that was paid and goes back in part, and one that can still be paid. */
  readonly paid: string
  readonly open: string
  /** Of the paid one. */
  readonly refund: string
  readonly event: string
}

/** One way to spoil it; says what was done. */
export type Spoil = {
  readonly name: string
  readonly fits: (operation: ApiOperation) => boolean
  readonly change: (draft: Draft, chance: Chance, operation: ApiOperation, document: ApiDocument) => string | undefined
}

export const withHeader = (draft: Draft, name: string, ...values: readonly string[]): void => {
  const others = draft.headers.filter(([known]) => known !== name)
  draft.headers = [...others, ...values.map((value) => [name, value] as const)]
}

/** With this parameter as it is to be read, or without it. */
export const withParameter = (draft: Draft, { name, in: place }: ApiParameter, text: string | undefined): void => {
  if (place === 'header') withHeader(draft, name, ...(text === undefined ? [] : [text]))
  if (place === 'path') {
    draft.segments.set(name, encodeURIComponent(text ?? ''))
    draft.owner = undefined
  }
  if (place !== 'query') return
  const others = draft.query.filter(([known]) => known !== name)
  draft.query = text === undefined ? others : [...others, [name, encodeURIComponent(text)]]
}

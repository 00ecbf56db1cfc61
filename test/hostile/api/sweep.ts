import type { Chance } from '../../torture/chance.ts'
import type { ApiDocument, ApiOperation } from './document.ts'
import { type Draft, withParameter } from './draft.ts'
import { parameterTexts } from './parameters.ts'
import { nameOf, placed, placesOf } from './places.ts'
import { brokenOf, edgesOf } from './values.ts'

/** One change of a request that would be taken, in one place that the document names. */
export type Probe = {
  readonly operation: ApiOperation
  readonly name: string
  readonly change: (draft: Draft, chance: Chance) => void
}

/** Every rule of the document once: kept at its limits, and broken, in every place. Throws where it can make nothing of a place. */
export const sweepOf = (document: ApiDocument, chance: Chance): readonly Probe[] =>
  document.operations.flatMap((operation) => [
    ...inParameters(document, operation, chance),
    ...inBody(document, operation, chance),
  ])

const inParameters = ({ shapes }: ApiDocument, operation: ApiOperation, chance: Chance): readonly Probe[] =>
  operation.parameters.flatMap((parameter) => {
    const { name, in: place, required } = parameter
    const { right, wrong } = parameterTexts(shapes, parameter, chance)
    const absent = place === 'header' || !required ? [undefined] : []
    mustHaveBoth(`${operation.operationId} ${name}`, right, [...wrong, ...(required ? absent : [])])
    return [...right, ...wrong, ...absent].map((text) => ({
      operation,
      name: `${place} ${name} ${text?.slice(0, 30)}`,
      change: (draft) => withParameter(draft, parameter, text),
    }))
  })

const inBody = (document: ApiDocument, operation: ApiOperation, chance: Chance): readonly Probe[] =>
  placesOf(document, operation).flatMap((place) => {
    const { shapes } = document
    const [right, wrong] = [edgesOf(shapes, place.schema, chance), brokenOf(shapes, place.schema, chance)]
    mustHaveBoth(`${operation.operationId} ${nameOf(place)}`, right, wrong)
    return [...right, ...wrong, undefined].map((value) => ({
      operation,
      name: `body ${nameOf(place)}`,
      change: (draft, by) => {
        draft.json = placed(shapes, draft.json, place.steps, value, by)
      },
    }))
  })

const mustHaveBoth = (where: string, right: readonly unknown[], wrong: readonly unknown[]): void => {
  if (right.length === 0) throw new Error(`say what is right in ${where}`)
  if (wrong.length === 0) throw new Error(`say what is wrong in ${where}`)
}

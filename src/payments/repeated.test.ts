import { describe, expect, it } from 'vitest'
import { begun, ordered, START } from '../../test/support/facts.ts'
import { type Command, decide } from './payment.ts'

/** Jobs are repeated after a crash, and clerks press twice. */
describe('a decision that is taken again', () => {
  const commands: readonly (readonly [string, Command])[] = [
    ['naming the other payment of a reference', { do: 'name_twin', other: 'pay_2' }],
    [
      'a ruling',
      { do: 'rule', ruling: 'r1', by: 'clerk', note: '', as: 'settled', flag: 'paid_twice', facts: ['begun:att_1'] },
    ],
  ]
  it.each(commands)('adds no fact a second time: %s', (_, command) => {
    const before = [ordered(), begun('att_1')]
    const once = decide(before, command, START)
    if (!once.ok) throw new Error(once.error)
    expect(once.value.facts).toHaveLength(1)
    const twice = decide([...before, ...once.value.facts], command, START + 1)
    expect(twice.ok && twice.value.facts).toEqual([])
  })
})

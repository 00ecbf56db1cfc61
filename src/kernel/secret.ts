/** A secret that cannot be printed by accident: every way of turning it into text gives `[secret]`. */
export type Secret = { reveal(): string; toString(): string; toJSON(): string }

const inspect = Symbol.for('nodejs.util.inspect.custom')

export const secret = (value: string): Secret => {
  const shown = () => '[secret]'
  return Object.freeze({ reveal: () => value, toString: shown, toJSON: shown, [inspect]: shown })
}

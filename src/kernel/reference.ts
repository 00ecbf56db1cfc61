/** Structured creditor references, and the check digits of numbers that people type. Pure arithmetic, sources beside each rule. */

const digitsOf = (text: string): string => {
  let digits = ''
  for (const letter of text.toUpperCase()) digits += /\d/.test(letter) ? letter : String(letter.charCodeAt(0) - 55)
  return digits
}

/** Remainder of a long decimal by 97 (ISO 7064). */
const mod97 = (digits: string): number => {
  let rest = 0
  for (const digit of digits) rest = (rest * 10 + Number(digit)) % 97
  return rest
}

/** ISO 11649: `RF`, two check digits, up to 21 letters and digits. */
export const isRfReference = (text: string): boolean =>
  /^RF\d{2}[0-9A-Z]{1,21}$/i.test(text) && mod97(digitsOf(text.slice(4) + text.slice(0, 4))) === 1

/** Estonian 7-3-1 (also Nordea's): weights from the right, the last digit checks. 2–20 digits. */
export const is731Reference = (text: string): boolean => {
  if (!/^\d{2,20}$/.test(text)) return false
  const body = [...text.slice(0, -1)].reverse()
  const sum = body.reduce((total, digit, place) => total + Number(digit) * ([7, 3, 1][place % 3] ?? 0), 0)
  return (10 - (sum % 10)) % 10 === Number(text.at(-1))
}

/** ISO 13616 by its check digits, any country; Latvian ones also by their length (21). */
export const isIban = (text: string): boolean =>
  /^[A-Z]{2}\d{2}[0-9A-Z]{11,30}$/.test(text) &&
  (!text.startsWith('LV') || /^LV\d{2}[A-Z]{4}[0-9A-Z]{13}$/.test(text)) &&
  mod97(digitsOf(text.slice(4) + text.slice(0, 4))) === 1

/** Latvian registration number of a company or institution: 11 digits, the first above 3, weights 9,1,4,8,3,10,2,5,7,6,1, sum mod 11 = 3. */
export const isRegistrationNumber = (text: string): boolean => {
  if (!/^[4-9]\d{10}$/.test(text)) return false
  const weights = [9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]
  return [...text].reduce((total, digit, place) => total + Number(digit) * (weights[place] ?? 0), 0) % 11 === 3
}

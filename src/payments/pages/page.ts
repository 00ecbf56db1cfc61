import { inLanguage, type Language, type Localized } from '../../kernel/language.ts'
import type { Support } from '../../merchants/directory.ts'
import { type FootLine, foot, type Html, layout, type Part } from '../../platform/html/index.ts'
import { languageName, type Speaker, speak } from '../../platform/texts/index.ts'
import type { Brand, Frame, ProblemPage } from './props.ts'

/** A page's voice: the language's speaker, names in it, and addresses that keep it. */
export type Voice = Speaker & {
  local(text: Localized): string
  /** `frame.pay` with what follows it; `query` without its question mark. */
  at(path?: string, query?: string): string
  /** The page that shows how the payment stands; unlike the bare address it never leads on to a bank. */
  stands(query?: string): string
}

export type AnyFrame = Frame | ProblemPage['frame']

const STANDS = 'back=yes'

/** What is enough of a frame to speak for it. */
type Speaking = { readonly language: Language; readonly brand?: Brand; readonly pay?: string }

export const voiceOf = (frame: Speaking): Voice => {
  const speaker = speak(frame.language, frame.brand?.texts)
  const { language } = speaker
  const at = (path = '', query?: string): string =>
    `${frame.pay ?? ''}${path}?${query === undefined ? '' : `${query}&`}lang=${language}`
  return {
    ...speaker,
    local: (text) => inLanguage(text, language),
    at,
    stands: (query) => at('', query === undefined ? STANDS : `${STANDS}&${query}`),
  }
}

export const serviceName = (frame: Frame, voice: Voice): string => voice.local(frame.brand.eService)

export type Sheet = {
  readonly frame: AnyFrame
  readonly voice: Voice
  /** Of the window: what the page is, before the names of merchant and e-service. */
  readonly title: string
  readonly state: string
  /** Where this page is by GET, when that is not `frame.pay`; the language switch leads there. */
  readonly path?: string
  readonly query?: string
  readonly watch?: string
  readonly content: Part
}

/** A finished document of the payer's. */
export const sheet = ({ frame, voice, title, state, path, query, watch, content }: Sheet): Html => {
  const { brand, assets } = frame
  const merchant = brand && voice.local(brand.merchant)
  return layout({
    language: voice.language,
    title: [title, merchant ?? 'CMA'].join(' – '),
    assets,
    ...(brand && { theme: brand.stylesheet }),
    bar: {
      name: merchant ?? 'CMA',
      under: brand ? voice.local(brand.eService) : voice.say('page.hub'),
      ...(brand?.logo !== undefined && { logo: brand.logo }),
    },
    languages: frame.languages.map((code) => ({
      code,
      name: languageName(code),
      href: `${frame.pay ?? ''}${path ?? ''}?${query ?? STANDS}&lang=${code}`,
    })),
    texts: {
      skip: voice.say('page.skip'),
      languages: voice.say('page.languages'),
      ...(frame.mode === 'test' && { test: voice.say('page.test') }),
    },
    foot: foot(voice.say('footer.hub'), footLines(frame, voice)),
    state,
    ...(watch !== undefined && { watch }),
    content,
  })
}

const footLines = (frame: AnyFrame, voice: Voice): readonly FootLine[] => {
  const privacyUrl = frame.brand?.privacyUrl
  return [
    ...contactLines(supportOf(frame)).map((line, place) =>
      place === 0 ? { ...line, label: `${voice.say('footer.help')}:` } : line,
    ),
    ...(privacyUrl === undefined ? [] : [{ text: voice.say('footer.privacy'), href: privacyUrl }]),
    { text: voice.say('footer.quote', { quote: frame.quote }) },
  ]
}

export const supportOf = (frame: AnyFrame): Support =>
  frame.brand?.support ?? (('support' in frame && frame.support) || {})

/** Ways to reach support, each a link that a phone can use. */
export const contactLines = ({ email, phone, url }: Support): readonly (FootLine & { readonly text: string })[] => [
  ...(phone === undefined ? [] : [{ text: phone, href: `tel:${phone.replace(/[^+\d]/g, '')}` }]),
  ...(email === undefined ? [] : [{ text: email, href: `mailto:${email}` }]),
  ...(url === undefined ? [] : [{ text: url.replace(/^https:\/\//, ''), href: url }]),
]

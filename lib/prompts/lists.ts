// The prompt lists that travel with the package: data in JSON, put together here.
import templates from './templates.json' with { type: 'json' }
import winclip from './winclip.json' with { type: 'json' }
import type { PromptSet } from './prompt-set.js'

interface Variant { state: string; details?: string }

/** 'templates': ours, 72 per label; 'winclip': WinCLIP's compositional list, 154 and 88; 'clip-ac': one per label. */
export const promptLists = ['templates', 'winclip', 'clip-ac'] as const
export type PromptListName = (typeof promptLists)[number]

/** The list for a class, whose name is already clean. */
export function promptList(list: PromptListName, className: string): PromptSet {
  const [normal, abnormal] = makers[list](className)
  return { class: className, normal, abnormal, source: { kind: 'template', list } }
}

const makers: Record<PromptListName, (className: string) => [normal: string[], abnormal: string[]]> = {
  templates: (className) => [composed(templates.normal, className), composed(templates.abnormal, className)],
  winclip: (className) => [crossed(winclip.normal, className), crossed(winclip.abnormal, className)],
  'clip-ac': (className) => [[`a photo of a normal ${className}`], [`a photo of an anomalous ${className}`]],
}

function composed(variants: Variant[], className: string): string[] {
  return templates.domains.flatMap((domain) => variants.map(({ state, details = '' }) => {
    const words: Record<string, string> = { domain, state, class: className, details }
    const text = templates.template.replace(/\{(\w+)\}/g, (_, key: string) => words[key] ?? '')
    return withArticles(text.replace(/\s+/g, ' ').trim())
  }))
}

function crossed(states: string[], className: string): string[] {
  return states.flatMap((state) => winclip.templates.map((template) => template.replace('{}', () => state.replace('{}', () => className))))
}

/** "a industrial" -> "an industrial". By letters, with the vowels that sound like consonants excepted. */
export function withArticles(text: string): string {
  return text.replace(/\b(a) (?=[aeiou])(?!(?:uni(?:form|que|t)|us[ue]|one|eu))/gi, '$1n ')
}

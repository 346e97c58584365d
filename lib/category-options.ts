// The options of engine.category: their types, the door, and how recipe and options become one set of settings.
import { arrayOf, boolean, isPlain, listed, number, oneOf, checkOptions, signal, text, wrongType, type Check } from './check.js'
import { AlfaError, rangeError } from './errors.js'
import { cleanClassName } from './prompts/class-name.js'
import { promptList, promptLists, type PromptListName } from './prompts/lists.js'
import { toPromptSet, type PromptInput, type PromptSet } from './prompts/prompt-set.js'
import { laterRecipes, recipeNames, recipes, type RecipeName, type RecipeSettings } from './recipes.js'

export interface CategoryOptions extends Partial<Omit<RecipeSettings, 'prompts'>> {
  /** A recipe's name, or an object of settings over the recipe `name`. Default 'alfa'. */
  recipe?: RecipeName | ({ name?: RecipeName } & Partial<RecipeSettings>)
  /** A prompt set, its two lists, or a shipped list's name. Default: the recipe's list. */
  prompts?: PromptListName | PromptInput
  /** The words that stand for the class in prompts. Default: the class's name, cleaned ("metal_nut1" -> "metal nut"). */
  displayName?: string
  /** Image scores above it are anomalous, 0 to 1. Default: none until `calibrate`. */
  threshold?: number
  /** Map values above it make regions, 0 to 1. Default: none until `calibrate`. */
  pixelThreshold?: number
  /** Cancels the encoding of the prompts. */
  signal?: AbortSignal
}

const later = (what: string): Check => () => {
  throw new AlfaError('ERR_ALFA_UNSUPPORTED', `${what} is not available in this version of alfa-vad; leave it out`)
}

const context: Check = (value, name) => {
  if (typeof value === 'boolean') return
  if (isPlain(value)) return checkOptions(value, name, { slope: number({ above: 0 }), weighting: oneOf(['uniform', 'score']) })
  if (typeof value !== 'string') throw wrongType("a boolean, 'on', 'off' or { slope, weighting }", name, value)
  oneOf(['on', 'off'])(value, name)
}

const scales: Check = (value, name) => {
  arrayOf(number({ integer: true, min: 1 }), { max: 8, what: 'an array of window sides in patches' })(value, name)
  if (new Set(value as number[]).size !== (value as number[]).length) throw rangeError(`Expected different scales for ${name} but received ${(value as number[]).join(', ')}`)
}

const mask: Check = (value, name) => {
  oneOf(['drop', 'zero'])(value, name)
  if (value === 'zero') later(`${name}: 'zero'`)(value, name)
}

const settingChecks: Record<keyof Omit<RecipeSettings, 'prompts'>, Check> = {
  scales, context, mask,
  temperature: number({ above: 0 }),
  aligner: oneOf(['ridge', 'pinv', 'off']),
  lambda: number({ above: 0 }),
  harmonic: (value, name) => checkOptions(value, name, { includeGlobal: boolean }),
  fit: oneOf(['squash', 'crop']),
  resolution: oneOf(['grid', 'model', 'image']),
  imageScore: oneOf(['mean', 'global']),
}

const recipeName: Check = (value, name) => {
  if (typeof value === 'string' && laterRecipes.includes(value)) {
    throw new AlfaError('ERR_ALFA_UNSUPPORTED', `The recipe '${value}' is not available in this version of alfa-vad; there are ${listed(recipeNames)}`)
  }
  oneOf(recipeNames)(value, name)
}

const promptSource: Check = (value, name) => {
  if (typeof value === 'string') oneOf(promptLists)(value, name)
  else if (!isPlain(value)) throw wrongType(`{ normal, abnormal }, a whole prompt set, or ${listed(promptLists)}`, name, value)
}

const shape: Record<string, Check> = {
  ...settingChecks, signal, threshold: number({ min: 0, max: 1 }), pixelThreshold: number({ min: 0, max: 1 }), displayName: text, prompts: promptSource,
  references: later('references (few-shot detection)'), tile: later('tile'),
  recipe: (value, name) => {
    if (!isPlain(value)) return recipeName(value, name)
    checkOptions(value, name, { ...settingChecks, name: recipeName, prompts: oneOf(promptLists) })
  },
}

export interface ResolvedCategory { name: string; recipe: RecipeName; settings: RecipeSettings; prompts: PromptSet }

/** Checks the options and puts defaults, recipe and options over one another. */
export function resolveCategory(name: unknown, given: unknown = {}): ResolvedCategory {
  checkOptions(given, 'options', shape)
  const { recipe: wanted = 'alfa', prompts, displayName, ...rest } = given as CategoryOptions
  const recipe = typeof wanted === 'string' ? wanted : wanted.name ?? 'alfa'
  const settings: RecipeSettings = {
    ...recipes[recipe], ...chosen(typeof wanted === 'string' ? {} : wanted, 'prompts'), ...chosen(rest),
  }
  if (typeof name !== 'string') throw wrongType('a string', 'the class name', name)
  const className = displayName?.trim() ?? cleanClassName(name)
  const set = prompts === undefined || typeof prompts === 'string' ? promptList(prompts ?? settings.prompts, className, name)
    : toPromptSet(prompts, className)
  return { name, recipe, settings, prompts: set }
}

/** The settings among the keys, without those left undefined. */
function chosen(from: object, ...more: string[]): Partial<RecipeSettings> {
  return Object.fromEntries(Object.entries(from).filter(([key, value]) => value !== undefined && (key in settingChecks || more.includes(key))))
}

// Recipes as data: the systems that ALFA compares itself with are settings of the same engine. A new one is one entry.
import type { NativeSettings } from './addon.js'
import type { PromptListName } from './prompts/lists.js'

/** Every setting of a recipe. A category's options of the same names override them. */
export interface RecipeSettings {
  /** Which shipped list, where the category is given no prompts of its own. */
  prompts: PromptListName
  /** Sides of the windows, in patches; none = no local score and no map. */
  scales: number[]
  /** T of the softmax over normal and abnormal; above 0. */
  temperature: number
  /** How the prompts are carried into each window's space. */
  aligner: 'ridge' | 'pinv' | 'off'
  /** The aligner's regularisation; above 0. Large = no aligner. */
  lambda: number
  /** Whether the prompts that both sides' similarities cover are dropped, per image. */
  context: ContextOption
  /** includeGlobal: the global score is one more scale of the map's harmonic mean. */
  harmonic: { includeGlobal?: boolean }
  /** Tokens outside a window are dropped. */
  mask: 'drop'
  /** To the model's square whatever the shape, or shortest side first and then the centre. */
  fit: 'squash' | 'crop'
  /** The map's size: the patch grid, the model's input or the image itself. */
  resolution: 'grid' | 'model' | 'image'
  /** 'mean': (S_G + max M) / 2; 'global': S_G. */
  imageScore: 'mean' | 'global'
}

export type ContextOption = boolean | 'on' | 'off' | {
  /** k of the logistic; above 0, default 1. */
  slope?: number
  /** Kept prompts count alike, or by their contextual score; default 'uniform'. */
  weighting?: 'uniform' | 'score'
}

const alfa: RecipeSettings = {
  prompts: 'merged', scales: [2, 3], temperature: 0.07, aligner: 'ridge', lambda: 1, context: 'on',
  harmonic: { includeGlobal: false }, mask: 'drop', fit: 'squash', resolution: 'model', imageScore: 'mean',
}

export const recipes = {
  alfa,
  winclip: { ...alfa, prompts: 'winclip', context: 'off', aligner: 'off', harmonic: { includeGlobal: true }, imageScore: 'global' },
  'clip-ac': { ...alfa, prompts: 'clip-ac', scales: [], context: 'off', aligner: 'off', imageScore: 'global' },
} satisfies Record<string, RecipeSettings>

export type RecipeName = keyof typeof recipes
export const recipeNames = Object.keys(recipes) as RecipeName[]

/** Recipes of the paper that later versions bring. */
export const laterRecipes = ['maskclip', 'anovl', 'patchcore', 'musc', 'trans-mm']

/** The settings in the addon's terms. */
export function nativeSettings(settings: RecipeSettings): NativeSettings {
  const { context } = settings
  const detail = typeof context === 'object' ? context : {}
  return {
    scales: [...settings.scales],
    context: context !== false && context !== 'off',
    slope: detail.slope ?? 1,
    weighting: detail.weighting ?? 'uniform',
    temperature: settings.temperature,
    aligner: settings.aligner,
    lambda: settings.lambda,
    includeGlobal: settings.harmonic.includeGlobal ?? false,
    imageScore: settings.imageScore,
    fit: settings.fit,
    resolution: settings.resolution,
  }
}

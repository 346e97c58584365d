import type { CategoryHandle } from './addon.js'
import type { CategoryOptions, ResolvedCategory } from './category-options.js'
import { func, number, checkOptions, signal, wrongType } from './check.js'
import { fromNative, located, rangeError } from './errors.js'
import { deepFrozen } from './frozen.js'
import { loadImage, nameOf, type ImageInput } from './image.js'
import { ordered, type Source } from './ordered.js'
import type { PromptSet } from './prompts/prompt-set.js'
import { nativeSettings, type RecipeName, type RecipeSettings } from './recipes.js'
import { quantileOf } from './quantile.js'
import { Detection } from './result.js'
import type { Session } from './session.js'

export interface StreamOptions {
  signal?: AbortSignal
  /** After each image; `total` where the images are an array or a set. */
  onProgress?: (progress: { done: number; total?: number }) => void
}

export interface Calibration {
  /** Image scores above it are anomalous from now on. */
  threshold: number
  /** Map values above it make regions from now on; undefined for recipes without a map. */
  pixelThreshold: number | undefined
  /** Scores of the normal images, in their order. */
  scores: Float64Array
}

const streamChecks = { signal, onProgress: func }

/** A class of things to inspect: made by `engine.category`, usable until the engine closes. */
export class Category {
  /** As given to `engine.category`. */
  readonly name: string
  readonly recipe: RecipeName
  /** Every setting, defaults filled in. */
  readonly settings: Readonly<RecipeSettings>
  readonly prompts: Readonly<PromptSet>
  readonly #session: Session
  readonly #handle: CategoryHandle
  readonly #descriptors: Float32Array
  #threshold: number | undefined
  #pixelThreshold: number | undefined

  private constructor(session: Session, handle: CategoryHandle, resolved: ResolvedCategory, descriptors: Float32Array,
                      threshold: number | undefined, pixelThreshold: number | undefined) {
    this.#session = session
    this.#handle = handle
    this.#descriptors = descriptors
    this.#threshold = threshold
    this.#pixelThreshold = pixelThreshold
    this.name = resolved.name
    this.recipe = resolved.recipe
    this.settings = deepFrozen(resolved.settings)
    this.prompts = deepFrozen(resolved.prompts)
  }

  /** @internal */
  static async create(session: Session, resolved: ResolvedCategory, { threshold, pixelThreshold, signal }: CategoryOptions): Promise<Category> {
    const { normal, abnormal, descriptors = [] } = resolved.prompts
    const rows = await session.encode([...normal, ...abnormal, ...descriptors], signal)
    const width = session.native.embedDim
    const sides = [normal.length, normal.length + abnormal.length].map((n) => n * width) as [number, number]
    const reasons = rows.slice(sides[1])
    session.require()
    try {
      const handle = session.addon.createCategory(session.engine, nativeSettings(resolved.settings), rows.slice(0, sides[0]), rows.slice(...sides), reasons)
      return new Category(session, handle, resolved, reasons, threshold, pixelThreshold)
    } catch (error) {
      throw fromNative(error)
    }
  }

  /** Image scores above it are anomalous; undefined until `calibrate` or the `threshold` option sets it. */
  get threshold(): number | undefined {
    return this.#threshold
  }

  /** Map values above it make regions; undefined until `calibrate` or the `pixelThreshold` option sets it. */
  get pixelThreshold(): number | undefined {
    return this.#pixelThreshold
  }

  /** Scores one image. Rejects with ERR_ALFA_IMAGE, ERR_ALFA_IMAGE_SIZE, ERR_ALFA_QUEUE_FULL, ERR_ALFA_CLOSED or the signal's reason. */
  async detect(image: ImageInput, options: { signal?: AbortSignal } = {}): Promise<Detection> {
    checkOptions(options, 'options', { signal })
    return this.#detect(image, options.signal)
  }

  /**
   * Scores images as they come, results in their order, 2 * maxBatch at a time in flight over all streams of the engine.
   * An image that fails throws in its place, its index and name in the message; leaving the loop cancels what still runs.
   */
  detectMany(images: Source<ImageInput>, options: StreamOptions = {}): AsyncGenerator<Detection, void, undefined> {
    checkOptions(options, 'options', streamChecks)
    checkSource(images, 'images')
    return this.#stream(images, options)
  }

  /**
   * Sets both thresholds from normal images alone: the `quantile` (default 0.95, between order statistics linearly) of
   * their scores, and of the highest values of their maps, each times `margin` (default 1).
   */
  async calibrate(normalImages: Source<ImageInput>, options: StreamOptions & { quantile?: number; margin?: number } = {}): Promise<Calibration> {
    checkOptions(options, 'options', { ...streamChecks, quantile: number({ min: 0, max: 1 }), margin: number({ above: 0 }) })
    checkSource(normalImages, 'normalImages')
    const scores: number[] = []
    const peaks: number[] = []
    for await (const { score, localScore } of this.#stream(normalImages, options)) {
      scores.push(score)
      if (localScore !== undefined) peaks.push(localScore)
    }
    if (scores.length === 0) throw rangeError('Expected at least one normal image for calibrate but received none')
    const limit = (values: number[]) => quantileOf(values, options.quantile ?? 0.95) * (options.margin ?? 1)
    const threshold = this.#threshold = limit(scores)
    const pixelThreshold = this.#pixelThreshold = peaks.length > 0 ? limit(peaks) : undefined
    return { threshold, pixelThreshold, scores: Float64Array.from(scores) }
  }

  async *#stream(images: Source<ImageInput>, { signal, onProgress }: StreamOptions): AsyncGenerator<Detection, void, undefined> {
    const total = Array.isArray(images) ? images.length : images instanceof Set ? images.size : undefined
    const { gate, inFlight } = this.#session
    let done = 0
    const results = ordered(images, inFlight, signal, async (image, index, signal) => {
      try {
        return await gate.run(() => this.#detect(image, signal))
      } catch (error) {
        throw located(error, `Image ${index} (${nameOf(image)})`)
      }
    })
    for await (const result of results) {
      onProgress?.({ done: ++done, ...(total !== undefined && { total }) })
      yield result
    }
  }

  async #detect(image: ImageInput, signal: AbortSignal | undefined): Promise<Detection> {
    const start = performance.now()
    this.#session.require('image')
    signal?.throwIfAborted()
    const picture = await loadImage(image, signal)
    const decode = performance.now() - start
    const native = await this.#session.run(signal, (addon, engine, cancel) => addon.detect(engine, this.#handle, picture, this.#pixelThreshold ?? Infinity, cancel))
    const timings = { decode, ...native.timings, total: performance.now() - start }
    const { settings, threshold } = this
    return new Detection(native, timings, { image, fit: settings.fit, resolution: settings.resolution, threshold, prompts: this.prompts, descriptors: this.#descriptors })
  }
}

function checkSource(images: unknown, name: string): asserts images is Source<ImageInput> {
  const many = typeof images === 'object' && images !== null && !ArrayBuffer.isView(images) && (Symbol.iterator in images || Symbol.asyncIterator in images)
  if (!many) throw wrongType('an iterable or async iterable of images (one image goes to detect)', name, images)
}

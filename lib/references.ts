// Normal images into a bank: decoded side by side, added in their order, so that the same images give the same bank.
import type { BankHandle } from './addon.js'
import { fromNative, located } from './errors.js'
import { loadImage, nameOf, type ImageInput } from './image.js'
import { nativeSettings, type Settings } from './native-settings.js'
import { ordered, totalOf, type Source } from './ordered.js'
import type { Session } from './session.js'

/** What a category knows of its references. */
export interface ReferenceInfo {
  /** Images given. */
  readonly images: number
  /** Rows kept per level: the layers, then the scales. */
  readonly entries: readonly number[]
}

export interface Bank { handle: BankHandle; info: ReferenceInfo }

export async function buildBank(session: Session, settings: Settings, images: Source<ImageInput>, signal: AbortSignal | undefined,
                                onProgress?: (progress: { done: number; total?: number }) => void): Promise<Bank> {
  session.require('image')
  const { addon, engine, native } = session
  const builder = translated(() => addon.createBank(engine, nativeSettings(settings, native.layers)))
  const total = totalOf(images)
  let done = 0
  const pictures = ordered(images, session.inFlight, signal, async (image, index, stop) => {
    const where = `Reference ${index} (${nameOf(image)})`
    try {
      return { where, picture: await loadImage(image, stop) }
    } catch (error) {
      throw located(error, where)
    }
  })
  for await (const { where, picture } of pictures) {
    try {
      await session.gate.run(() => session.run(signal, (addon, engine, cancel) => addon.addReference(engine, builder, picture, cancel)))
    } catch (error) {
      throw located(error, where)
    }
    onProgress?.({ done: ++done, ...(total !== undefined && { total }) })
  }
  const { bank, images: count, entries } = await session.run(signal, (addon, engine, cancel) => addon.finishBank(engine, builder, cancel))
  return { handle: bank, info: Object.freeze({ images: count, entries: Object.freeze(entries) }) }
}

function translated<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw fromNative(error)
  }
}

// Folders as layouts read them: names in one order on every machine, hidden files passed over, pictures told from the rest.
import { readdir, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { AlfaError } from '../errors.js'
import type { CategoryData, Problem } from './dataset.js'

export interface Listing { readonly folders: readonly string[]; readonly pictures: readonly string[]; readonly others: readonly string[] }

/** What a layout found. */
export interface Found { categories: CategoryData[]; problems: Problem[] }

const picture = /\.(jpe?g|png|webp|tiff?|gif|avif|bmp)$/i
const furniture = /^(\.|thumbs\.db$|desktop\.ini$|__macosx$)/i
const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** undefined where there is no such folder. Links count as what they lead to. */
export async function list(path: string): Promise<Listing | undefined> {
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined
    throw new AlfaError('ERR_ALFA_DATASET', `The folder ${path} cannot be read: ${cause.message}`, { cause })
  })
  if (!entries) return undefined
  const folders: string[] = [], pictures: string[] = [], others: string[] = []
  for (const entry of entries) {
    if (furniture.test(entry.name)) continue
    const kind = entry.isSymbolicLink() ? await stat(join(path, entry.name)).catch(() => undefined) : entry
    if (kind?.isDirectory()) folders.push(entry.name)
    else if (kind?.isFile() && picture.test(entry.name)) pictures.push(entry.name)
    else others.push(entry.name)
  }
  return { folders: folders.sort(byName), pictures: pictures.sort(byName), others: others.sort(byName) }
}

export const isFolder = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isDirectory() ?? false
export const isFile = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFile() ?? false

/** A name without its ending. */
export const stemOf = (name: string): string => basename(name, extname(name))

/** Ids are paths below the root, with '/'. */
export const idOf = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('/')

export const byId = (a: { id: string }, b: { id: string }): number => byName(a.id, b.id)
export { byName }

/** Masks of one folder by what they belong to: an image's stem, or that and `_mask`. */
export class Masks {
  readonly #unclaimed: Map<string, string>

  constructor(names: readonly string[]) {
    this.#unclaimed = new Map(names.map((name) => [stemOf(name), name]))
  }

  /** The mask of the image, whose it is from now on. */
  claim(image: string): string | undefined {
    const stem = [`${stemOf(image)}_mask`, stemOf(image)].find((each) => this.#unclaimed.has(each))
    const name = stem === undefined ? undefined : this.#unclaimed.get(stem)
    if (stem !== undefined) this.#unclaimed.delete(stem)
    return name
  }

  /** Those that belong to no image. */
  get orphans(): string[] {
    return [...this.#unclaimed.values()].sort(byName)
  }
}

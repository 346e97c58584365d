// What the layouts have in common: which folders are categories, which images and masks belong together, and what a
// category lacks.
import type { CategoryData, Problem, ProblemKind, TestImage } from './dataset.js'
import { below, enter, type Folder, type Picture } from './folder.js'

export interface Found { readonly categories: CategoryData[]; readonly problems: Problem[] }

export interface Layout {
  /** What makes a folder one of this layout, to go on after the layout's name. */
  readonly needs: string
  recognises(root: Folder): Promise<boolean>
  read(root: Folder): Promise<Found>
}

export type Report = (kind: ProblemKind, where: string, message: string) => void
export const reporter = (problems: Problem[], category: string): Report => (kind, where, message) => { problems.push({ kind, category, where, message }) }

export const isGood = (kind: string) => /^good$/i.test(kind)

interface CategoryFolders {
  isCategory(folder: Folder): Promise<boolean>
  read(folder: Folder, report: Report): Promise<Omit<CategoryData, 'name'>>
  /** Folders beside the categories that are known to be none. */
  beside?: readonly string[]
}

/** The root itself where it is a category, else the folders in it that are. */
export async function categoriesIn(root: Folder, { isCategory }: CategoryFolders): Promise<Folder[]> {
  if (await isCategory(root)) return [root]
  const found: Folder[] = []
  for (const name of root.folders) {
    const folder = (await enter(root, name))!
    if (await isCategory(folder)) found.push(folder)
  }
  return found
}

export async function readCategories(root: Folder, layout: CategoryFolders): Promise<Found> {
  const folders = await categoriesIn(root, layout)
  const categories: CategoryData[] = [], problems: Problem[] = []
  if (folders[0] !== root) {
    const rest = root.folders.filter((name) => !folders.some((each) => each.name === name) && !layout.beside?.includes(name))
    ignoreRest(root, [...rest, ...root.pictures.map(nameOf), ...root.others], reporter(problems, ''))
  }
  for (const folder of folders) {
    const report = reporter(problems, folder.name)
    categories.push(completed({ name: folder.name, ...await layout.read(folder, report) }, report))
  }
  return { categories, problems }
}

/** Sorts a category and reports what it lacks. */
export function completed({ name, train, test }: CategoryData, report: Report): CategoryData {
  const defective = test.filter((image) => image.anomalous)
  const bare = defective.filter((image) => image.mask === undefined)
  if (train.length === 0) report('no-train', name, `${name} has no normal images to draw references from; good test images are taken, which then do not count`)
  if (defective.length === test.length) report('no-good', name, `${name} has no normal test images: nothing in it can be ranked`)
  if (defective.length === 0) report('no-defective', name, `${name} has no anomalous test images: nothing in it can be ranked`)
  if (bare.length > 1 && bare.length === defective.length) report('missing-mask', name, `${name} has no masks: only image figures can be measured`)
  else for (const { id } of bare) report('missing-mask', id, `${id} has no mask and counts for image figures alone`)
  return { name, train: train.toSorted(byId), test: test.toSorted(byId) }
}

/** The images of one kind with their masks, which are named like the image or `<image>_mask`. */
export function testImages(kind: string, images: readonly Picture[], masks: readonly Picture[], report: Report): TestImage[] {
  const byStem = new Map<string, Picture>()
  for (const mask of masks) if (!byStem.has(mask.stem)) byStem.set(mask.stem, mask)
  const maskOf = ({ stem }: Picture) => byStem.get(`${stem}_mask`) ?? byStem.get(stem)
  const taken = new Set(images.map(maskOf))
  const stems = new Set(images.map(({ stem }) => stem))
  for (const mask of masks) if (!taken.has(mask)) {
    const second = stems.has(mask.stem) || stems.has(mask.stem.replace(/_mask$/, ''))
    report('orphan-mask', mask.id, second ? `${mask.id} is left out: its image has another mask` : `${mask.id} is the mask of no image: none of kind ${kind} is named like it`)
  }
  const anomalous = !isGood(kind)
  return images.map((image) => {
    const mask = anomalous ? maskOf(image) : undefined
    return { id: image.id, file: image.file, kind: anomalous ? kind : 'good', anomalous, ...mask && { mask: mask.file } }
  })
}

/** Normal images: train/good, else the pictures in train itself. */
export async function trainImages(category: Folder, report: Report): Promise<{ id: string; file: string }[]> {
  const train = await enter(category, 'train')
  if (!train) return []
  const goods = train.folders.filter(isGood)
  const pictures = goods.length > 0 ? [] : [...train.pictures]
  for (const name of goods) {
    const good = (await enter(train, name))!
    pictures.push(...good.pictures)
    ignoreRest(good, [...good.folders, ...good.others], report)
  }
  const left = goods.length > 0 ? train.pictures.map(nameOf) : []
  ignoreRest(train, [...train.folders.filter((name) => !isGood(name)), ...left, ...train.others], report)
  return pictures.map(({ id, file }) => ({ id, file }))
}

export const nameOf = ({ id }: Picture) => id.slice(id.lastIndexOf('/') + 1)

/** One problem for all that fits nowhere in a folder. */
export function ignoreRest(folder: Folder, names: readonly string[], report: Report): void {
  if (names.length === 0) return
  const shown = names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '')
  const place = folder.id || folder.name
  report('ignored', names.length === 1 ? below(folder.id, names[0]!) : place, `${place} holds what is not used here: ${shown}`)
}

const byId = (a: { id: string }, b: { id: string }) => a.id < b.id ? -1 : Number(a.id > b.id)

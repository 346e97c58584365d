// From a folder to a dataset: which layout it has, what is in it, and what is wrong with it. No picture is opened.
import { basename, resolve } from 'node:path'
import { arrayOf, checkOptions, nearest, oneOf, text } from '../check.js'
import { AlfaError, rangeError } from '../errors.js'
import { layoutNames, type CategoryData, type Dataset, type LayoutName, type Problem } from './dataset.js'
import * as folder from './layout-folder.js'
import * as mvtec from './layout-mvtec.js'
import * as visa from './layout-visa.js'
import { byName, isFolder } from './tree.js'

const layouts = { visa, mvtec, folder }  // in the order in which they are looked for

const papers: Record<string, readonly string[]> = {
  'MVTec AD': ['bottle', 'cable', 'capsule', 'carpet', 'grid', 'hazelnut', 'leather', 'metal_nut', 'pill', 'screw', 'tile', 'toothbrush', 'transistor', 'wood', 'zipper'],
  VisA: ['candle', 'capsules', 'cashew', 'chewinggum', 'fryum', 'macaroni1', 'macaroni2', 'pcb1', 'pcb2', 'pcb3', 'pcb4', 'pipe_fryum'],
}

/**
 * What lies in a folder: its layout (found out, or given), categories, test images with their masks, normal images for
 * few-shot, and problems. Rejects with ERR_ALFA_DATASET where it has no layout that is known, or cannot be read; a
 * RangeError names a class that is not there.
 */
export async function readDataset(root: string, options: { layout?: LayoutName; classes?: readonly string[] } = {}): Promise<Dataset> {
  text(root, 'root')
  checkOptions(options, 'options', { layout: oneOf(layoutNames), classes: arrayOf(text, { min: 1, max: 4096, what: 'an array of names' }) })
  if (!await isFolder(root)) throw new AlfaError('ERR_ALFA_DATASET', `${root} is no folder; give the folder of a dataset or of a category`)
  const layout = options.layout ?? await layoutOf(root)
  const { categories, problems } = await layouts[layout].read(root)
  if (categories.length === 0) throw new AlfaError('ERR_ALFA_DATASET', `${root} has no category in the layout '${layout}', which needs ${layouts[layout].needs}`)
  const names = categories.map(({ name }) => name)
  const chosen = options.classes ?? names
  for (const each of chosen) if (!names.includes(each)) throw unknown(each, names, root)
  const kept = categories.filter(({ name }) => chosen.includes(name))
  return {
    name: nameOf(kept, root), root, layout, categories: kept,
    problems: [...problems.filter(({ category }) => chosen.includes(category)), ...kept.flatMap(lacks)],
  }
}

async function layoutOf(root: string): Promise<LayoutName> {
  for (const [name, layout] of Object.entries(layouts)) if (await layout.recognises(root)) return name as LayoutName
  throw new AlfaError('ERR_ALFA_DATASET', `${root} is in none of the layouts that are known. ${Object.entries(layouts).map(([name, { needs }]) => `'${name}' needs ${needs}`).join('. ')}`)
}

function unknown(name: string, names: readonly string[], root: string): RangeError {
  const near = nearest(name, names)
  return rangeError(`There is no category '${name}' in ${root}${near === undefined ? '' : `; did you mean '${near}'?`} There are ${names.join(', ')}`)
}

/** The paper's dataset where all its categories are there and no others. */
function nameOf(categories: readonly CategoryData[], root: string): string {
  const names = categories.map(({ name }) => name).sort(byName).join()
  return Object.entries(papers).find(([, list]) => [...list].sort(byName).join() === names)?.[0] ?? basename(resolve(root))
}

function lacks({ name, train, test }: CategoryData): Problem[] {
  const tell = (kind: Problem['kind'], message: string): Problem => ({ kind, category: name, where: name, message })
  const good = test.filter(({ anomalous }) => !anomalous).length
  return [
    ...(good === 0 ? [tell('no-good', 'no normal test images: nothing that compares images can be measured')] : []),
    ...(good === test.length ? [tell('no-defective', 'no anomalous test images: nothing can be measured')] : []),
    ...(train.length === 0 ? [tell('no-train', 'no normal training images: references are drawn from the good test images, which then do not count')] : []),
  ]
}

// MVTec AD: CATEGORY/{train/good, test/KIND, ground_truth/KIND/NNN_mask.png}; masks may also be named like the image.
import { basename, join, resolve } from 'node:path'
import { readKinds } from './kinds.js'
import { list, type Found } from './tree.js'

export const needs = 'CATEGORY/test/good and CATEGORY/test/KIND, with masks in CATEGORY/ground_truth/KIND; or such a CATEGORY itself'

export async function recognises(root: string): Promise<boolean> {
  return (await categoriesIn(root)).length > 0
}

export async function read(root: string): Promise<Found> {
  const found: Found = { categories: [], problems: [] }
  for (const { name, at, kinds } of await categoriesIn(root)) {
    const { data, problems } = await readKinds({
      name, root, at, test: 'test', kinds, isGood: (kind) => kind === 'good', masks: ['ground_truth'], beside: false, train: ['train/good'],
    })
    found.categories.push(data)
    found.problems.push(...problems)
  }
  return found
}

async function categoriesIn(root: string): Promise<{ name: string; at: string; kinds: readonly string[] }[]> {
  const own = (await list(join(root, 'test')))?.folders ?? []
  if (own.length > 0) return [{ name: basename(resolve(root)), at: '', kinds: own }]
  const categories = []
  for (const name of (await list(root))?.folders ?? []) {
    const kinds = (await list(join(root, name, 'test')))?.folders ?? []
    if (kinds.length > 0) categories.push({ name, at: name, kinds })
  }
  return categories
}

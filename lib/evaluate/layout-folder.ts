// Plain folders: good/ and, beside it, one folder per kind of defect. Masks, where there are any, in masks/KIND or
// ground_truth/KIND, or beside the images as NAME_mask; more normal images, for few-shot, in train/good or train.
import { basename, join, resolve } from 'node:path'
import { readKinds } from './kinds.js'
import { list, type Found } from './tree.js'

export const needs = 'good/ and a folder per kind of defect; or folders that each hold such'

const furniture = ['train', 'masks', 'ground_truth']
const isGood = (kind: string) => kind.toLowerCase() === 'good'

export async function recognises(root: string): Promise<boolean> {
  return (await categoriesIn(root)).length > 0
}

export async function read(root: string): Promise<Found> {
  const found: Found = { categories: [], problems: [] }
  for (const { name, at, kinds } of await categoriesIn(root)) {
    const { data, problems } = await readKinds({
      name, root, at, test: '', kinds, isGood, masks: ['masks', 'ground_truth'], beside: true, train: ['train/good', 'train'],
    })
    found.categories.push(data)
    found.problems.push(...problems)
  }
  return found
}

async function categoriesIn(root: string): Promise<{ name: string; at: string; kinds: readonly string[] }[]> {
  const own = kindsOf((await list(root))?.folders ?? [])
  if (own) return [{ name: basename(resolve(root)), at: '', kinds: own }]
  const categories = []
  for (const name of (await list(root))?.folders ?? []) {
    const kinds = kindsOf((await list(join(root, name)))?.folders ?? [])
    if (kinds) categories.push({ name, at: name, kinds })
  }
  return categories
}

const kindsOf = (folders: readonly string[]) => (folders.some(isGood) ? folders.filter((each) => !furniture.includes(each)) : undefined)

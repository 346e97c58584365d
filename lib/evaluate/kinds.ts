// What MVTec's layout and plain folders share: one folder of test images per kind, their masks in folders of the same names.
import { join } from 'node:path'
import type { CategoryData, Problem, TestImage } from './dataset.js'
import { byId, idOf, list, Masks, stemOf } from './tree.js'

export interface Shape {
  readonly name: string
  readonly root: string
  /** Of the category, below the root; '' where the root is the category. */
  readonly at: string
  /** Where the folders of test images are, below the category. */
  readonly test: string
  readonly kinds: readonly string[]
  readonly isGood: (kind: string) => boolean
  /** Folders that hold one folder of masks per kind. */
  readonly masks: readonly string[]
  /** Masks may lie beside the images, as NAME_mask. */
  readonly beside: boolean
  /** Folders of normal images, the first that exists counts. */
  readonly train: readonly string[]
}

export async function readKinds(shape: Shape): Promise<{ data: CategoryData; problems: Problem[] }> {
  const { name, root, at } = shape
  const problems: Problem[] = []
  const tell = (kind: Problem['kind'], where: string, message: string) => problems.push({ kind, category: name, where, message })
  const test: TestImage[] = []
  for (const kind of shape.kinds) {
    const folder = idOf(at, shape.test, kind)
    const { pictures, others, folders } = (await list(join(root, folder)))!
    for (const each of [...others, ...folders]) tell('ignored', idOf(folder, each), 'no picture; passed over')
    const anomalous = !shape.isGood(kind)
    const own = shape.beside && anomalous ? pictures.filter((each) => /_mask$/i.test(stemOf(each))) : []
    const images = pictures.filter((each) => !own.includes(each))
    const shelves: { folder: string; masks: Masks }[] = own.length > 0 ? [{ folder, masks: new Masks(own) }] : []
    for (const parent of shape.masks) {
      const found = await list(join(root, idOf(at, parent, kind)))
      if (found) shelves.push({ folder: idOf(at, parent, kind), masks: new Masks(found.pictures) })
    }
    for (const image of images) {
      const id = idOf(folder, image)
      const mask = anomalous ? firstMask(shelves, image) : undefined
      if (anomalous && mask === undefined) tell('missing-mask', id, 'a defective image without a mask: it counts for image figures alone')
      test.push({ id, file: join(root, id), kind, anomalous, ...(mask !== undefined && { mask: join(root, mask) }) })
    }
    for (const { folder: where, masks } of shelves) for (const each of masks.orphans) tell('orphan-mask', idOf(where, each), 'a mask without an image of its name')
  }
  await tellStrayMasks(shape, tell)
  return { data: { name, train: await trainOf(shape, tell), test: test.sort(byId) }, problems }
}

function firstMask(shelves: readonly { folder: string; masks: Masks }[], image: string): string | undefined {
  for (const { folder, masks } of shelves) {
    const name = masks.claim(image)
    if (name !== undefined) return idOf(folder, name)
  }
  return undefined
}

type Tell = (kind: Problem['kind'], where: string, message: string) => void

/** Masks of kinds that have no images at all. */
async function tellStrayMasks({ root, at, masks, kinds }: Shape, tell: Tell): Promise<void> {
  for (const parent of masks) {
    for (const kind of (await list(join(root, idOf(at, parent))))?.folders ?? []) {
      if (kinds.includes(kind)) continue
      const folder = idOf(at, parent, kind)
      for (const each of (await list(join(root, folder)))!.pictures) tell('orphan-mask', idOf(folder, each), 'a mask without an image of its name')
    }
  }
}

async function trainOf({ root, at, train }: Shape, tell: Tell): Promise<CategoryData['train']> {
  for (const each of train) {
    const folder = idOf(at, each)
    const found = await list(join(root, folder))
    if (!found || found.pictures.length === 0) continue
    for (const other of found.others) tell('ignored', idOf(folder, other), 'no picture; passed over')
    return found.pictures.map((name) => ({ id: idOf(folder, name), file: join(root, folder, name) }))
  }
  return []
}

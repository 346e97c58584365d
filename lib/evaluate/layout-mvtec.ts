// The layout of MVTec AD: train/good, test/good, test/<kind of defect>, and masks in ground_truth/<kind of defect>.
import type { TestImage } from './dataset.js'
import { categoriesIn, ignoreRest, nameOf, readCategories, testImages, trainImages, type Layout, type Report } from './category-folders.js'
import { enter, type Folder } from './folder.js'

const category = {
  isCategory: async (folder: Folder) => Boolean((await enter(folder, 'test'))?.folders.length),
  read: async (folder: Folder, report: Report) => {
    const images = (await enter(folder, 'test'))!
    const masks = await enter(folder, 'ground_truth')
    const test: TestImage[] = []
    for (const kind of images.folders) {
      const held = (await enter(images, kind))!
      ignoreRest(held, [...held.folders, ...held.others], report)
      test.push(...testImages(kind, held.pictures, await masksIn(masks, kind, report), report))
    }
    for (const kind of masks?.folders ?? []) {
      if (!images.folders.includes(kind)) testImages(kind, [], await masksIn(masks, kind, report), report)
    }
    const known = ['train', 'test', 'ground_truth']
    ignoreRest(folder, [...folder.folders.filter((name) => !known.includes(name)), ...folder.pictures.map(nameOf), ...folder.others], report)
    ignoreRest(images, [...images.pictures.map(nameOf), ...images.others], report)
    if (masks) ignoreRest(masks, [...masks.pictures.map(nameOf), ...masks.others], report)
    return { train: await trainImages(folder, report), test }
  },
}

/** The pictures in a folder of masks, one folder per kind of defect. */
export async function masksIn(masks: Folder | undefined, kind: string, report: Report): Promise<Folder['pictures']> {
  const held = await enter(masks, kind)
  if (held) ignoreRest(held, [...held.folders, ...held.others], report)
  return held?.pictures ?? []
}

export const mvtec: Layout = {
  needs: 'test/good and test/<kind of defect> (and ground_truth/<kind of defect> with masks, train/good), in the folder itself or in each of its folders',
  recognises: async (root) => (await categoriesIn(root, category)).length > 0,
  read: (root) => readCategories(root, category),
}

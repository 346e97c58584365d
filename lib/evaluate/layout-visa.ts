// VisA: CATEGORY/Data/{Images/{Normal,Anomaly}, Masks/Anomaly}, split by split_csv/1cls.csv. Masks hold class numbers.
import { readFile, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { parse } from 'csv-parse/sync'
import { AlfaError } from '../errors.js'
import type { CategoryData, Problem, TestImage } from './dataset.js'
import { byId, byName, idOf, isFile, isFolder, list, Masks, type Found } from './tree.js'

export const needs = 'split_csv/1cls.csv, or CATEGORY/Data/Images/Normal and CATEGORY/Data/Images/Anomaly, with masks in CATEGORY/Data/Masks/Anomaly'

const split = ['split_csv', '1cls.csv'] as const
const columns = ['object', 'split', 'label', 'image', 'mask'] as const
const largest = 64 << 20  // bytes; VisA's own has 1.2 MB

export async function recognises(root: string): Promise<boolean> {
  return await isFile(join(root, ...split)) || (await foldersOf(root)).length > 0
}

export async function read(root: string): Promise<Found> {
  return await isFile(join(root, ...split)) ? readSplit(root) : readFolders(root)
}

type Row = Record<(typeof columns)[number], string>

async function rowsOf(file: string): Promise<Row[]> {
  const fail = (why: string, cause?: unknown) => new AlfaError('ERR_ALFA_DATASET', `${file} is not VisA's split: ${why}; it has the columns ${columns.join(', ')}`, { cause })
  const { size } = await stat(file)
  if (size > largest) throw fail(`${size} bytes, more than the limit of ${largest}`)
  let rows: Partial<Row>[]
  try {
    rows = parse(await readFile(file), { columns: true, bom: true, skip_empty_lines: true, trim: true, max_record_size: 1 << 16 }) as Partial<Row>[]
  } catch (cause) {
    throw fail(`it cannot be parsed (${(cause as Error).message.slice(0, 200)})`, cause)
  }
  const missing = columns.filter((each) => rows[0]?.[each] === undefined)
  if (missing.length > 0) throw fail(rows.length === 0 ? 'it has no rows' : `it lacks ${missing.join(', ')}`)
  return rows as Row[]
}

async function readSplit(root: string): Promise<Found> {
  const problems: Problem[] = []
  const categories = new Map<string, { train: { id: string; file: string }[]; test: TestImage[]; masks: Set<string> }>()
  for (const row of await rowsOf(join(root, ...split))) {
    const tell = (kind: Problem['kind'], where: string, message: string) => { problems.push({ kind, category: row.object, where, message }) }
    const data = categories.get(row.object) ?? { train: [], test: [], masks: new Set<string>() }
    categories.set(row.object, data)
    const id = within(root, row.image)
    const anomalous = row.label !== 'normal'
    if (id === undefined) tell('outside', row.image, 'a path that leaves the dataset; not opened')
    else if (!await isFile(join(root, id))) tell('missing-image', id, 'listed in the split, but not there')
    else if (row.split === 'train') {
      if (anomalous) tell('ignored', id, 'an anomalous training image; passed over')
      else data.train.push({ id, file: join(root, id) })
    } else {
      const mask = anomalous && row.mask !== '' ? within(root, row.mask) : undefined
      if (anomalous && row.mask !== '' && mask === undefined) tell('outside', row.mask, 'a path that leaves the dataset; not opened')
      const there = mask !== undefined && await isFile(join(root, mask))
      if (there) data.masks.add(mask)
      else if (anomalous) tell('missing-mask', id, 'a defective image without a mask: it counts for image figures alone')
      data.test.push({ id, file: join(root, id), kind: anomalous ? row.label : 'good', anomalous, ...(there && { mask: join(root, mask) }) })
    }
  }
  const found: CategoryData[] = []
  for (const [name, { train, test, masks }] of [...categories].sort(([a], [b]) => byName(a, b))) {
    const folder = idOf(name, 'Data', 'Masks', 'Anomaly')
    const shelf = within(root, folder) === folder ? await list(join(root, folder)) : undefined
    for (const each of shelf?.pictures ?? []) {
      if (!masks.has(idOf(folder, each))) problems.push({ kind: 'orphan-mask', category: name, where: idOf(folder, each), message: 'a mask that no test image of the split has' })
    }
    found.push({ name, train: train.sort(byId), test: test.sort(byId) })
  }
  return { categories: found, problems }
}

/** The path below the root, with '/'; undefined where it leads elsewhere. */
function within(root: string, path: string): string | undefined {
  const base = resolve(root)
  const whole = resolve(base, path.replaceAll('\\', '/'))
  return path !== '' && !path.includes('\0') && whole.startsWith(base.endsWith(sep) ? base : base + sep) ? relative(base, whole).replaceAll(sep, '/') : undefined
}

const foldersOf = async (root: string): Promise<string[]> => {
  const names = (await list(root))?.folders ?? []
  const found = await Promise.all(names.map((name) => isFolder(join(root, name, 'Data', 'Images', 'Normal'))))
  return names.filter((_, i) => found[i])
}

async function readFolders(root: string): Promise<Found> {
  const found: Found = { categories: [], problems: [] }
  for (const name of await foldersOf(root)) {
    const tell = (kind: Problem['kind'], where: string, message: string) => { found.problems.push({ kind, category: name, where, message }) }
    tell('no-split', name, 'no split_csv/1cls.csv: all normal images are test images')
    const folder = idOf(name, 'Data', 'Masks', 'Anomaly')
    const masks = new Masks((await list(join(root, folder)))?.pictures ?? [])
    const test: TestImage[] = []
    for (const label of ['Normal', 'Anomaly']) {
      const images = idOf(name, 'Data', 'Images', label)
      for (const each of (await list(join(root, images)))?.pictures ?? []) {
        const id = idOf(images, each)
        const mask = label === 'Anomaly' ? masks.claim(each) : undefined
        if (label === 'Anomaly' && mask === undefined) tell('missing-mask', id, 'a defective image without a mask: it counts for image figures alone')
        test.push({ id, file: join(root, id), kind: label === 'Normal' ? 'good' : 'anomaly', anomalous: label !== 'Normal', ...(mask !== undefined && { mask: join(root, folder, mask) }) })
      }
    }
    for (const each of masks.orphans) tell('orphan-mask', idOf(folder, each), 'a mask without an image of its name')
    found.categories.push({ name, train: [], test: test.sort(byId) })
  }
  return found
}

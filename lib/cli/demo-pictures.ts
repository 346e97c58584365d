// The pictures that travel with the package: demo/pictures/<class>/{train/good, test/good, test/<defect>}.
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { AlfaError } from '../errors.js'
import { packageRoot } from '../root.js'

export interface DemoPicture { file: string; name: string; truth: string }
export interface DemoClass { name: string; normal: string[]; test: DemoPicture[] }

const root = join(packageRoot, 'demo', 'pictures')

export async function demoClasses(): Promise<DemoClass[]> {
  const classes = await Promise.all((await folders(root)).map(async (name): Promise<DemoClass> => {
    const base = join(root, name)
    const kinds = await folders(join(base, 'test'))
    const test = await Promise.all(kinds.map(async (truth) =>
      (await pictures(join(base, 'test', truth))).map((file) => ({ file, truth, name: relative(join(base, 'test'), file) }))))
    return { name, normal: await pictures(join(base, 'train', 'good')), test: test.flat() }
  }))
  const whole = classes.filter(({ normal, test }) => normal.length > 0 && test.length > 0)
  if (whole.length === 0) throw new AlfaError('ERR_ALFA_IMAGE', `The demo's pictures are missing: none in ${root}; install alfa-vad again`)
  return whole
}

/** 'good' first, the rest by name. */
async function folders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  const names = entries.filter((each) => each.isDirectory()).map((each) => each.name)
  return names.sort((a, b) => Number(b === 'good') - Number(a === 'good') || (a < b ? -1 : 1))
}

async function pictures(path: string): Promise<string[]> {
  const names = await readdir(path).catch(() => [] as string[])
  return names.filter((name) => /\.(jpe?g|png)$/i.test(name)).sort().map((name) => join(path, name))
}

// Where a model is: 'demo' and other names are folders of the package's models/, everything else is a path.
import { readdir, stat } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { listed } from '../check.js'
import { AlfaError } from '../errors.js'
import { packageRoot } from '../root.js'

const shelf = join(packageRoot, 'models')
const config = ['open_clip_config.json', 'config.json']
const pickled = ['.pt', '.pth', '.bin', '.ckpt', '.pkl']

/** Names of the models at hand, and their folders. */
export async function listModels(): Promise<{ name: string; directory: string }[]> {
  const names = await readdir(shelf).catch(() => [] as string[])
  const found = []
  for (const name of names.sort()) {
    const directory = join(shelf, name)
    if (await holdsConfig(directory)) found.push({ name, directory })
  }
  return found
}

/** The folder of a model given by name or path; a name comes first ('./demo' is the path). */
export async function locateModel(model: string): Promise<string> {
  const named = (await listModels()).find((each) => each.name === model)
  if (named) return named.directory
  if (model === 'demo') throw new AlfaError('ERR_ALFA_MODEL_NOT_FOUND', `The package's own model is missing from ${shelf}; install alfa-vad again`)
  const path = resolve(model)
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) return path
  if (pickled.includes(extname(model).toLowerCase())) {
    throw new AlfaError('ERR_ALFA_MODEL_UNSUPPORTED', `${model} is a PyTorch pickle, which can run code when opened and is not read here. ` +
      'Convert it: load it in Python with open_clip, transformers or timm, save the weights with safetensors.torch.save_file, ' +
      'and give the folder that holds the .safetensors file, its config and, for a CLIP model, tokenizer.json')
  }
  if (found) {
    throw new AlfaError('ERR_ALFA_MODEL_UNSUPPORTED', `${model} is a file; give the folder that holds the weights (.safetensors), ` +
      `${listed(config)}, and a CLIP model's tokenizer.json`)
  }
  const names = (await listModels()).map((each) => each.name)
  throw new AlfaError('ERR_ALFA_MODEL_NOT_FOUND', `There is no model '${model}': no folder of that path (${path}), and of the names ` +
    (names.length ? `there ${names.length === 1 ? 'is' : 'are'} ${listed(names)}` : `there are none in ${shelf}`))
}

async function holdsConfig(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch(() => [] as string[])
  return config.some((each) => names.includes(each))
}

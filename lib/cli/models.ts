// alfa models: what checkpoints are at hand or can be had, and what is in one.
import { Engine } from "../engine.js";
import { knownModels } from "../models/known-models.js";
import { listModels } from "../models/locate-model.js";
import { colour, print, printJson, safe } from "./terminal.js";

export async function modelsList({ json }: { json?: boolean }): Promise<void> {
	const here = await listModels();
	const rest = knownModels.filter(
		({ name }) => !here.some((each) => each.name === name),
	);
	if (json)
		return printJson([
			...here,
			...rest.map(({ name, repo, about }) => ({
				name,
				source: "known",
				repo,
				about,
			})),
		]);
	const width = Math.max(...[...here, ...rest].map(({ name }) => name.length));
	for (const { name, directory } of here)
		print(`${safe(name).padEnd(width)}  ${safe(directory)}`);
	for (const { name, about } of rest)
		print(
			`${safe(name).padEnd(width)}  ${colour("dim", `not here (${about}): alfa models pull ${name}`)}`,
		);
}

export async function modelsInfo(
	model: string,
	{ json }: { json?: boolean },
): Promise<void> {
	await using engine = await Engine.open({ model });
	if (json) return printJson(engine.info);
	for (const [key, value] of Object.entries(engine.info))
		print(`${key.padEnd(12)}  ${safe(String(value))}`);
}

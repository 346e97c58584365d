// pullModel with hubs that fail, lie or attack: a clear error in limited time, no file outside of the
// cache, and the token in no message.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Engine, type PullOptions } from "../dist/index.js";
import { expectError } from "./support/errors.js";
import {
	type Answer,
	commit,
	listEntry,
	sendJson,
	sendWithoutEnd,
} from "./support/hub-stub.js";
import {
	answerWeights,
	cdnRequests,
	current,
	expectPullError,
	fileNames,
	largeFile,
	name,
	pull,
	smallFile,
	weights,
} from "./support/pull-models.js";

const token = "hf_SECRETSECRETSECRET";

/** An answer for requests of the hub's API only. */
const answerApi =
	(answer: Answer): Answer =>
	(request, response, file) =>
		request.path.startsWith("/api/models") && answer(request, response, file);

/** The status, with a page that repeats the token. */
const status =
	(code: number): Answer =>
	(_, response) => {
		response
			.writeHead(code, { "retry-after": "0", "content-type": "text/html" })
			.end(`<b>${token}</b>`);
		return true;
	};

const apiText = (text: string): Answer =>
	answerApi((_, response) => {
		response.writeHead(200, { "content-type": "application/json" }).end(text);
		return true;
	});

const redirect =
	(location: string): Answer =>
	(_, response) => {
		response.writeHead(302, { location }).end();
		return true;
	};

const fileEntries =
	(...entries: unknown[]): Answer =>
	({ path }, response) => {
		if (!path.includes("paths-info")) return false;
		sendJson(response, entries);
		return true;
	};

interface BadServer {
	answer: Answer;
	message: RegExp;
	code?: string;
	options?: PullOptions;
}

const weightsEntry = listEntry("model.safetensors", largeFile(weights));
const configEntry = listEntry("config.json", smallFile("{}"));

const badServers: Record<string, BadServer> = {
	"status 401": {
		answer: answerApi(status(401)),
		message: /gated.*HF_TOKEN/,
	},
	"status 403": {
		answer: answerApi(status(403)),
		message: /gated.*HF_TOKEN/,
	},
	"status 404": {
		answer: answerApi(status(404)),
		code: "ERR_ALFA_MODEL_NOT_FOUND",
		message: /repository.*does not exist/,
	},
	"status 429": {
		answer: answerApi(status(429)),
		options: { retries: 2 },
		message: /429.*too many requests.*attempts: 3/,
	},
	"status 500": {
		answer: answerApi(status(500)),
		options: { retries: 2 },
		message: /500.*attempts: 3/,
	},
	"status 418": {
		answer: answerApi(status(418)),
		message: /418.*endpoint/,
	},
	"status 500 for the weights": {
		answer: answerWeights(status(500)),
		message: /500 for model\.safetensors/,
	},
	"status 403 for the weights": {
		answer: answerWeights(status(403)),
		message: /403 for model\.safetensors/,
	},
	"an HTML page": {
		answer: apiText("<html>Log in</html>"),
		message: /HTML.*endpoint/,
	},
	"text that is not JSON": {
		answer: apiText("\u001b[31m{{{"),
		message: /Expected the JSON/,
	},
	"JSON null": { answer: apiText("null"), message: /another form/ },
	"an empty list": { answer: apiText("[]"), message: /no commit/ },
	"a list of files that holds null": {
		answer: apiText(`{"sha":"${commit}","siblings":[null]}`),
		message: /another form/,
	},
	"a path as commit": {
		answer: apiText(
			'{"sha":"../../../../../../../../../../../../../x","siblings":[]}',
		),
		message: /no commit/,
	},
	"JSON without end": {
		answer: answerApi((_, response) =>
			sendWithoutEnd(" ".repeat(65_536), response),
		),
		message: /more than the 16777216 bytes/,
	},
	"an HTML page as weights": {
		answer: answerWeights((_, response) => {
			response.writeHead(200, { "content-type": "text/html" }).end("<html>");
			return true;
		}),
		message: /HTML page.*model\.safetensors/,
	},
	"redirects in a circle": {
		answer: redirect("/again"),
		message: /redirects too often/,
	},
	"a redirect to a file": {
		answer: answerWeights(redirect("file:///etc/passwd")),
		message: /the protocol file:.*Expected an https address/,
	},
	"a redirect to an invalid address": {
		answer: answerWeights(redirect("http://")),
		message: /invalid address/,
	},
	"no answer": {
		answer: () => true,
		options: { timeout: 150 },
		message: /too slow/,
	},
	"one byte now and then": {
		answer: answerWeights((_, response) => {
			response.writeHead(200);
			const timer = setInterval(() => response.write("x"), 20);
			response.on("close", () => clearInterval(timer));
			return true;
		}),
		options: { timeout: 150 },
		message: /too slow/,
	},
	"another range than requested": {
		answer: answerWeights((_, response) => {
			response.writeHead(206, { "content-range": "bytes 5-9/10" }).end("12345");
			return true;
		}),
		message: /from byte 0 of 400000.*bytes 5-9\/10/,
	},
	"no hash": {
		answer: fileEntries(
			{ type: "file", path: "config.json", size: 2 },
			weightsEntry,
		),
		message: /no hash of config\.json/,
	},
	"a negative size": {
		answer: fileEntries({ ...configEntry, size: -1 }, weightsEntry),
		message: /a size of config\.json/,
	},
};

describe("a hub with", () => {
	test.each(Object.entries(badServers))(
		"%s: a clear error",
		async (_, badServer) => {
			const { answer, message, options } = badServer;
			process.env["HF_TOKEN"] = token;
			current.hub.answer = answer;
			const error = await pull(name, options).then(
				() => undefined,
				(thrown: Error) => thrown,
			);
			expect(error).toMatchObject({
				name: "AlfaError",
				code: badServer.code ?? "ERR_ALFA_DOWNLOAD",
			});
			expect(error!.message).toMatch(message);
			expect(`${error!.message}${error!.stack}`).not.toContain(token);
			expect(fileNames()).not.toContain("manifest.json");
			expect(current.hub.requests.length).toBeLessThan(20);
		},
	);

	test("only pickles: an error that names the pickle", async () => {
		await expectError(
			() => pull("acme/pickle"),
			"ERR_ALFA_MODEL_UNSUPPORTED",
			/pickle, pytorch_model\.bin/,
		);
		expect(fileNames()).toEqual([]);
	});

	test("another revision: an error that names the wanted one", async () => {
		await expectError(
			() => pull(name, { revision: "v9" }),
			"ERR_ALFA_MODEL_NOT_FOUND",
			/acme\/small at v9/,
		);
		expect(fileNames()).toEqual([]);
	});
});

describe("the token", () => {
	test("is sent to the hub and to no other host", async () => {
		process.env["HF_TOKEN"] = token;
		await pull();
		for (const { server, headers } of current.hub.requests) {
			const expected = server === "hub" ? `Bearer ${token}` : undefined;
			expect(headers.authorization).toBe(expected);
		}
		expect(cdnRequests().length).toBe(1);
	});

	test("is not in the message about a wrong token", async () => {
		process.env["HF_TOKEN"] = "hf_BAD\nTOKEN";
		await expect(pull()).rejects.toThrow(
			expect.objectContaining({
				code: "ERR_ALFA_DOWNLOAD",
				message: expect.not.stringContaining("BAD"),
			}),
		);
	});
});

test("file names in the hub's answer that lead out of the cache are ignored", async () => {
	const evilNames = [
		"../../evil",
		"/tmp/evil",
		"..\\evil",
		"C:\\evil",
		"config.json/../../evil",
		"\0",
		"",
	];
	const allNames = [...evilNames, "config.json", "model.safetensors"];
	const evilEntries = evilNames.map((each) =>
		listEntry(each, smallFile("evil")),
	);
	current.hub.answer = ({ path }, response) => {
		if (path.includes("/revision/")) {
			const siblings = allNames.map((rfilename) => ({ rfilename }));
			sendJson(response, { _id: "1", id: name, sha: commit, siblings });
			return true;
		}
		if (!path.includes("paths-info")) return false;
		sendJson(response, [...evilEntries, configEntry, weightsEntry, 7]);
		return true;
	};
	await pull();
	expect(fileNames(join(current.cache, ".."))).toEqual([
		"config.json",
		"manifest.json",
		"model.safetensors",
	]);
});

test.each([
	"../up",
	"a/../b",
	"/etc/passwd",
	"a\\b",
	"a/b/c",
	"a/..",
	"./b",
	"a/b.",
	"a--b/c",
	"a/b?x=1",
	"ViT-B-16-plus",
	"",
])("%j is not a model's name", async (badName) => {
	const message =
		badName === "ViT-B-16-plus"
			? /did you mean 'ViT-B-16-plus-240'/
			: /owner\/name/;
	await expectError(() => pull(badName), "ERR_ALFA_MODEL_NOT_FOUND", message);
	expect(current.hub.requests).toEqual([]);
});

test.each<[string, unknown, string]>([
	["endpoint", "ftp://x", "ERR_ALFA_RANGE"],
	["endpoint", "https://me:pass@x", "ERR_ALFA_RANGE"],
	["revision", "../x", "ERR_ALFA_RANGE"],
	["sha256", { a: "b" }, "ERR_ALFA_RANGE"],
	["token", "x", "ERR_ALFA_ARGUMENT"],
	["signal", 1, "ERR_ALFA_ARGUMENT"],
])("a wrong option is named: %s %j", (option, value, code) =>
	expectError(
		() => pull(name, { [option]: value } as PullOptions),
		code,
		option,
	),
);

test("a manifest whose paths lead out of the cache is ignored", async () => {
	const folder = join(current.cache, "models", "acme--small");
	mkdirSync(folder, { recursive: true });
	const file = {
		file: "../passwd",
		repo: name,
		commit,
		size: 1,
		sha256: "0".repeat(64),
	};
	const manifest = {
		format: 1,
		name,
		repo: name,
		revision: "main",
		commit,
		version: "../../../etc",
		files: [file],
	};
	writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
	await expectError(
		() => Engine.open({ model: name }),
		"ERR_ALFA_MODEL_NOT_FOUND",
		/alfa models pull acme\/small/,
	);
});

test("a cache folder that cannot be created is named", async () => {
	const file = join(current.cache, "..", "file");
	writeFileSync(file, "");
	process.env["ALFA_CACHE"] = file;
	await expectPullError("ERR_ALFA_WRITE", /cannot be written/, file);
});

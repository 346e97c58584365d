import { homedir, userInfo } from "node:os";
import { isAbsolute, join } from "node:path";
import { AlfaError } from "../errors.js";

const name = "alfa-vad";

/**
 * The folder for everything that is kept between runs: ALFA_CACHE, else the platform's cache folder for alfa-vad.
 * undefined if the user has no home folder, as in some containers.
 */
export function findCacheDirectory(): string | undefined {
	const { ALFA_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
	if (ALFA_CACHE) return ALFA_CACHE;
	switch (process.platform) {
		case "darwin":
			return belowHome("Library", "Caches", name);
		case "win32":
			return isSet(LOCALAPPDATA)
				? join(LOCALAPPDATA, name, "Cache")
				: belowHome("AppData", "Local", name, "Cache");
		default:
			return isSet(XDG_CACHE_HOME)
				? join(XDG_CACHE_HOME, name)
				: belowHome(".cache", name);
	}
}

/** Throws ERR_ALFA_WRITE if there is no folder. */
export function cacheDirectory(): string {
	const directory = findCacheDirectory();
	if (directory !== undefined) return directory;
	throw new AlfaError("ERR_ALFA_WRITE", noCacheDirectory);
}

/** Why there is no folder, and what to do. */
export const noCacheDirectory =
	"There is no folder for the cache, because the user has no home folder. Set ALFA_CACHE to a folder";

/** A relative path would put the cache into the working folder. */
const isSet = (path: string | undefined): path is string =>
	path !== undefined && isAbsolute(path);

function belowHome(...names: string[]): string | undefined {
	const home = findHome();
	return home === undefined ? undefined : join(home, ...names);
}

/** HOME, else the home folder in the system's list of users. Node throws if there is none. */
function findHome(): string | undefined {
	for (const read of [homedir, () => userInfo().homedir]) {
		try {
			const home = read();
			if (isSet(home)) return home;
		} catch {
			// The next one may know.
		}
	}
	return undefined;
}

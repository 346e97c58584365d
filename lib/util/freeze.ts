/** A copy that nobody shares and nobody can change: recipes and callers keep their own. */
export function deepFreeze<T extends object>(value: T): T {
	const copy = structuredClone(value);
	freeze(copy);
	return copy;
}

function freeze(value: unknown): void {
	if (typeof value !== "object" || value === null) return;
	Object.values(value).forEach(freeze);
	Object.freeze(value);
}

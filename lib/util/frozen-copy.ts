/** A deep copy that cannot be changed. The caller's object, which may be a shared recipe, stays as it is. */
export function frozenCopy<T extends object>(value: T): T {
	const copy = structuredClone(value);
	freeze(copy);
	return copy;
}

function freeze(value: unknown): void {
	if (typeof value !== "object" || value === null) return;
	Object.values(value).forEach(freeze);
	Object.freeze(value);
}

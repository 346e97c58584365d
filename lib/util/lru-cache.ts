/** A map of at most `limit` entries. A new entry replaces the one that has not been used for the longest time. */
export class LruCache<K, V> {
	readonly #map = new Map<K, V>();

	constructor(readonly limit: number) {}

	get(key: K): V | undefined {
		const value = this.#map.get(key);
		if (value === undefined) return undefined;
		// A Map keeps the order of insertion: the first key is the least recently used one.
		this.#map.delete(key);
		this.#map.set(key, value);
		return value;
	}

	set(key: K, value: V): void {
		this.#map.delete(key);
		this.#map.set(key, value);
		if (this.#map.size > this.limit)
			this.#map.delete(this.#map.keys().next().value!);
	}
}

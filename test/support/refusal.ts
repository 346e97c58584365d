export { expectError as expectRefusal } from "./errors.js";

import { createRequire } from "node:module";

/// ONNX Runtime. The program ends with 77, skipped, where the package onnxruntime-node is not there: scripts/setup
/// --interop puts it into build/interop.
export function runtime() {
  try {
    const require = createRequire(import.meta.url);
    return require(require.resolve("onnxruntime-node", {
      paths: [new URL("../../build/interop", import.meta.url).pathname, ...(process.env.NODE_PATH ?? "").split(":")],
    }));
  } catch {
    console.log("skipped: no onnxruntime-node");
    process.exit(77);
  }
}

// What LiteRT makes of the networks of integers in $TENON_DATA/models, for tests/unit/import/tflite_test.cpp: the first outputs
// for the input whose i-th number is (37 i mod 256) - 128. LiteRT is that of the npm package @tensorflow/tfjs-tflite
// (npm install --ignore-scripts), which is made for browsers: what it asks of one is put in its way here.
// Then, for tests/import/make_quantized.cpp, the CRC-32 of all outputs for 100 inputs of random bytes.
//     node make_tflite.js node_modules/@tensorflow/tfjs-tflite/wasm $TENON_DATA/models
// Then the same of files that a test has made, whose names follow: make_quantized FOLDER writes FOLDER/made_*/model.tflite.
// What LiteRT has against a file is printed.
const fs = require("fs"), path = require("path"), vm = require("vm");

const [folder, models, ...made] = process.argv.slice(2).map((name) => path.resolve(name));
const names = ["ad01_int8", "kws_dscnn_int8", "resnet8_int8", "vww_96_int8", "tflm_hello_world_int8",
  "tflm_micro_speech_quantized", "tflm_trained_lstm_int8"];

async function load() {
  const script = path.join(folder, "tflite_web_api_cc.js");
  global.self = { location: { href: "file://" + script } };
  global.document = { currentScript: { src: script } };
  const text = fs.readFileSync(script, "utf8").replace('ENVIRONMENT_IS_WEB=typeof window=="object"', "ENVIRONMENT_IS_WEB=true");
  const make = vm.runInThisContext(text + ";tflite_web_api_ModuleFactory");
  return make({ wasmBinary: fs.readFileSync(path.join(folder, "tflite_web_api_cc.wasm")), printErr: (text) => text.startsWith("ERROR") && console.error(text) });
}

function run(litert, file) {
  const bytes = fs.readFileSync(file);
  const place = litert._malloc(bytes.length);
  litert.HEAPU8.set(bytes, place);
  const options = { numThreads: 1, enableProfiling: false, maxProfilingBufferEntries: 1024, enableWebNNDelegate: false,
    webNNDeviceType: 0 };
  const fresh = () => {
    const made = litert.TFLiteWebModelRunner.CreateFromBufferAndOptions(place, bytes.length, options);
    if (!made.ok()) throw new Error(file + ": " + made.errorMessage());
    return made.value();
  };
  const runner = fresh(), input = runner.GetInputs().get(0).data();
  for (let i = 0; i < input.length; ++i) input[i] = (37 * i) % 256 - 128;
  runner.Infer();
  return [Array.from(runner.GetOutputs().get(0).data()).slice(0, 12), random_outputs(runner, /lstm|sequence/.test(file) && fresh)];
}

/// fresh: makes another runner, for LiteRT's LSTM goes on where the input before ended.
function random_outputs(runner, fresh) {
  let state = 1, crc = 0xffffffff;
  for (let s = 0; s < 100; ++s) {
    if (fresh) runner = fresh();
    const input = runner.GetInputs().get(0).data();
    for (let i = 0; i < input.length; ++i) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      input[i] = input instanceof Int16Array ? (state >>> 16) - 32768 : (state >>> 24) - 128;
    }
    runner.Infer();
    const output = runner.GetOutputs().get(0).data();
    for (const byte of new Uint8Array(output.buffer, output.byteOffset, output.byteLength)) {
      crc ^= byte;
      for (let bit = 0; bit < 8; ++bit) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return (~crc >>> 0).toString(16).padStart(8, "0");
}

load().then((litert) => {
  for (const name of names) {
    const [first, crc] = run(litert, path.join(models, name + ".tflite"));
    console.log(`      {"${name}", {${first.join(", ")}}},`);
    console.log(`    {"${name}.tflite", 0x${crc}},`);
  }
  for (const file of made) console.log(`    ${path.basename(path.dirname(file))}: 0x${run(litert, file)[1]}`);
});

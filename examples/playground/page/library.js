// The library's module, and what the three parts of the page share.
'use strict';

// Nothing in the module reads files, clocks or the environment; what its C library could call does nothing.
const nothing = new Proxy({}, {get: () => () => 0, has: () => true});
const bytesOfModule = Uint8Array.from(atob(playgroundModule), letter => letter.charCodeAt(0));
const compiled = new WebAssembly.Module(bytesOfModule);
const imports = {};
for (const {module, name} of WebAssembly.Module.imports(compiled)) (imports[module] ??= {})[name] = nothing[name];
const library = new WebAssembly.Instance(compiled, imports).exports;
library._initialize?.();

// The buffer through which numbers go in and out.
const numbers = (first, count) => new Float32Array(library.memory.buffer, library.numbers() + 4 * first, count);
const bytes = (address, count) => new Uint8Array(library.memory.buffer, address, count);

const find = id => document.getElementById(id);
const colour = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
const channels = name => {
  const hex = colour(name).replace('#', '');
  const full = hex.length === 3 ? [...hex].map(c => c + c).join('') : hex;
  return [0, 2, 4].map(i => parseInt(full.slice(i, i + 2), 16));
};
const mix = (a, b, t) => a.map((v, i) => v + (b[i] - v) * t);
const clamp = (v, low, high) => Math.min(high, Math.max(low, v));

// Draws `width` x `height` numbers, whose colour `paint` says, over the whole canvas.
function paintGrid(canvas, width, height, paint, smooth = false) {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; ++i) {
    const [r, g, b] = paint(i);
    image.data.set([r, g, b, 255], 4 * i);
  }
  const small = Object.assign(document.createElement('canvas'), {width, height});
  small.getContext('2d').putImageData(image, 0, 0);
  const draw = canvas.getContext('2d');
  draw.imageSmoothingEnabled = smooth;
  draw.drawImage(small, 0, 0, canvas.width, canvas.height);
}

// Where a pointer is on a canvas, from 0 to 1.
function placeOn(canvas, event) {
  const box = canvas.getBoundingClientRect();
  return [clamp((event.clientX - box.left) / box.width, 0, 1), clamp((event.clientY - box.top) / box.height, 0, 1)];
}

// Moves that leave the canvas still come to it.
function capture(canvas, event) {
  try {
    canvas.setPointerCapture(event.pointerId);
  } catch {
    // a pointer that the page's own test made up
  }
}

const arrows = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};

const repaint = [];  // called when light turns to dark
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => repaint.forEach(paint => paint()));

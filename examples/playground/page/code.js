// A point in the plane of codes, and what the decoder draws of it.
'use strict';

const exploring = (() => {
  const plane = find('plane'), reach = 2.5, cells = 13;
  let code = [0, 0];

  function decode(x, y) {
    numbers(0, 2).set([x, y]);
    library.decode();
    return numbers(2, 64).slice();
  }
  // The plane itself: small digits, decoded where they stand.
  const background = Object.assign(document.createElement('canvas'), {width: 8 * cells, height: 8 * cells});
  function paintBackground() {
    const none = channels('card'), ink = mix(none, channels('text'), 0.55), draw = background.getContext('2d');
    for (let i = 0; i < cells * cells; ++i) {
      const column = i % cells, row = Math.floor(i / cells), image = new ImageData(8, 8);
      decode(((column + 0.5) / cells * 2 - 1) * reach, (1 - (row + 0.5) / cells * 2) * reach).forEach((p, k) =>
        image.data.set([...mix(none, ink, p), 255], 4 * k));
      draw.putImageData(image, 8 * column, 8 * row);
    }
  }
  function show() {
    const side = plane.width, draw = plane.getContext('2d');
    draw.imageSmoothingEnabled = true;
    draw.drawImage(background, 0, 0, side, side);
    const x = (code[0] / reach + 1) / 2 * side, y = (1 - code[1] / reach) / 2 * side;
    draw.beginPath();
    draw.arc(x, y, 9, 0, 7);
    draw.lineWidth = 4;
    draw.strokeStyle = colour('one');
    draw.stroke();
    const pixels = decode(...code), none = channels('page'), ink = channels('text');
    paintGrid(find('drawn'), 8, 8, i => mix(none, ink, pixels[i]), true);
    find('place').textContent = code.map(v => v.toFixed(2)).join(', ');
    return pixels;
  }
  function move(to) {
    code = to.map(v => clamp(v, -reach, reach));
    return show();
  }

  let dragging = false;
  const follow = event => {
    const [x, y] = placeOn(plane, event);
    move([(2 * x - 1) * reach, (1 - 2 * y) * reach]);
  };
  plane.addEventListener('pointerdown', event => { capture(plane, event); dragging = true; follow(event); });
  plane.addEventListener('pointermove', event => { if (dragging) follow(event); });
  for (const name of ['pointerup', 'pointercancel']) plane.addEventListener(name, () => { dragging = false; });
  plane.addEventListener('keydown', event => {
    if (!(event.key in arrows)) return;
    event.preventDefault();
    const [dx, dy] = arrows[event.key];
    move([code[0] + 0.1 * dx, code[1] - 0.1 * dy]);
  });
  repaint.push(() => { paintBackground(); show(); });
  paintBackground();
  show();
  find('drawn-facts').textContent = 'what the decoder draws';
  return {move, code: () => code};
})();

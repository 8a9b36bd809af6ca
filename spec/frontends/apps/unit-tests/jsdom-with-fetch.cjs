const { TestEnvironment } = require("jest-environment-jsdom");

// What browsers have, Node has, and jsdom has not; and the signals that Node's fetch takes.
const OF_NODE = {
  AbortController,
  AbortSignal,
  fetch,
  Headers,
  ReadableStream,
  Request,
  Response,
  TextDecoder,
  TextEncoder,
};

module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    const { location } = this.global;
    Object.assign(this.global, OF_NODE, {
      // A page's URLs may be relative.
      fetch: (input, init) => fetch(new URL(input, location.href), init),
    });
  }
};

const { TestEnvironment } = require("jest-environment-jsdom");

// Globals that browsers and Node have, but jsdom does not; and the signals that Node's fetch accepts.
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

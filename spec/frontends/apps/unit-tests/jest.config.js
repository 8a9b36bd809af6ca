const url = process.env.SERVER_URL;

export default {
  testEnvironmentOptions: { url },
  testTimeout: 60_000,
  testMatch: ["**/*.test.jsx"],
  transform: {
    "\\.jsx$": [
      "@swc/jest",
      {
        jsc: {
          target: "es2022",
          parser: { syntax: "ecmascript", jsx: true },
          transform: { react: { runtime: "automatic" } },
        },
      },
    ],
  },
};

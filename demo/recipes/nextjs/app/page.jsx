import { Price } from "./price";

// A server component: it may load what the page begins with.
export default function Page() {
  return <Price initial={{ euros: 1 }} />;
}

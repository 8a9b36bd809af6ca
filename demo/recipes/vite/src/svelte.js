import { mount } from "svelte";
import Price from "./Price.svelte";

mount(Price, { target: document.querySelector("#root") });

import { createApp } from "vue";
import Price from "./Price.vue";

createApp(Price).mount("#root");

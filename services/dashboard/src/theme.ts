import { type MantineColorsTuple, createTheme } from "@mantine/core";

const sea: MantineColorsTuple = [
  "#ecfaf7",
  "#d6f1ec",
  "#a9e2d8",
  "#79d1c2",
  "#4dbfad",
  "#2aa896",
  "#12887a",
  "#0f766e",
  "#0d635d",
  "#0a4f4b",
];

/** Greys with a touch of blue-green, the darkest last; dark surfaces are taken from the end. */
const dark: MantineColorsTuple = [
  "#dfe6e7",
  "#b6c1c4",
  "#93a1a5",
  "#6d7d82",
  "#44545a",
  "#2b383d",
  "#1d272b",
  "#141c1f",
  "#0e1518",
  "#0a1012",
];

/** The look as tokens: components take sizes, radii and colours from here and from `tokens.css`. */
export const theme = createTheme({
  primaryColor: "sea",
  primaryShade: 7,
  colors: { sea, dark },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, monospace",
  headings: { fontWeight: "640" },
  defaultRadius: "md",
  components: {
    InputWrapper: { styles: { label: { marginBottom: 4 }, description: { marginBottom: 4 } } },
    Modal: {
      styles: {
        title: { fontWeight: 640 },
        content: { background: "var(--flo-surface)" },
        header: { background: "none" },
      },
    },
  },
  cursorType: "pointer",
  respectReducedMotion: true,
  autoContrast: true,
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
});

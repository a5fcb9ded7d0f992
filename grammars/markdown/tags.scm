; The outline of a Markdown file: its headings.

(atx_heading [
  (atx_h1_marker) @level (atx_h2_marker) @level (atx_h3_marker) @level
  (atx_h4_marker) @level (atx_h5_marker) @level (atx_h6_marker) @level]
  heading_content: (_) @name) @definition.heading
(setext_heading heading_content: (_) @name [(setext_h1_underline) (setext_h2_underline)] @level) @definition.heading
(section (paragraph) @summary)

(ERROR) @error
(MISSING) @error

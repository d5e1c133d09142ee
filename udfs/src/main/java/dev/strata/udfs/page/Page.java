package dev.strata.udfs.page;

/** A page in one file, which asks nobody for anything. */
public final class Page {

  /** What is not in the file is not there, whatever slipped into it. */
  private static final String POLICY = "default-src 'none'; style-src 'unsafe-inline'";

  private Page() {}

  /** As HTML. */
  public static String html(String title, Markup... content) {
    Element head =
        Element.of(
            "head",
            Element.of("meta").with("charset", "utf-8"),
            Element.of("meta")
                .with("http-equiv", "Content-Security-Policy")
                .with("content", POLICY),
            Element.of("meta")
                .with("name", "viewport")
                .with("content", "width=device-width, initial-scale=1"),
            Element.of("title", title),
            Theme.style());
    Element page =
        Element.of("html", head, Theme.body(Element.of("main", content))).with("lang", "en");
    return "<!DOCTYPE html>\n" + page.html() + "\n";
  }
}

package dev.strata.udfs.page;

/**
 * How pages look: light and dark, without anything from elsewhere. All of it is below one class, so
 * that it changes nothing of a page that ours is a part of.
 */
public final class Theme {

  private static final String CLASS = "strata";

  private Theme() {}

  /** The style, which stands once on a page. */
  public static Element style() {
    return Element.of("style", StyleSheet.THEME);
  }

  /**
   * What is shown within another's page. It is dark where that page says so, as Spark's does from
   * 4.2 on.
   */
  public static Element within(Markup... content) {
    return Element.of("div", content).styled(CLASS);
  }

  /** A page's body, dark where the reader's system is. */
  static Element body(Markup... content) {
    return Element.of("body", content).styled(CLASS + " whole");
  }
}

package dev.strata.udfs.page;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * An element of a page.
 *
 * @param name such as {@code td}
 * @param attributes in their order
 * @param content what it holds
 */
public record Element(String name, Map<String, String> attributes, List<Markup> content)
    implements Markup {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]*");
  private static final Pattern ATTRIBUTE = Pattern.compile("[a-z][a-zA-Z0-9-]*");

  /** What runs programs or brings something from elsewhere. */
  private static final Set<String> REFUSED_NAMES =
      Set.of(
          "script", "iframe", "frame", "object", "embed", "img", "image", "use", "link", "base",
          "form", "audio", "video", "source");

  private static final Set<String> REFUSED_ATTRIBUTES =
      Set.of("src", "srcset", "srcdoc", "style", "action", "formaction", "background");

  /** A place on the page, or one of the same server. */
  private static final Pattern ADDRESS =
      Pattern.compile("#.*|https?://.*|/(?!/).*|\\.{1,2}/.*|\\?.*");

  /** They end with their beginning. */
  private static final Set<String> VOID = Set.of("meta", "br", "hr", "col");

  public Element {
    if (!NAME.matcher(name).matches() || REFUSED_NAMES.contains(name)) {
      throw new IllegalArgumentException("no element of a page of ours: " + name);
    }
    attributes = new LinkedHashMap<>(attributes);
    attributes.forEach(Element::check);
    content = List.copyOf(content);
  }

  /** An element without attributes. */
  public static Element of(String name, Markup... content) {
    return new Element(name, Map.of(), List.of(content));
  }

  /** An element with a text. */
  public static Element of(String name, String text) {
    return of(name, Markup.text(text));
  }

  private static void check(String attribute, String value) {
    if (!ATTRIBUTE.matcher(attribute).matches()
        || attribute.startsWith("on")
        || REFUSED_ATTRIBUTES.contains(attribute)) {
      throw new IllegalArgumentException("no attribute of a page of ours: " + attribute);
    }
    if (attribute.equals("href") && !ADDRESS.matcher(value).matches()) {
      throw new IllegalArgumentException("no address that a page of ours leads to: " + value);
    }
  }

  /** The same with an attribute, in the place of one of the same name. */
  public Element with(String attribute, String value) {
    Map<String, String> all = new LinkedHashMap<>(attributes);
    all.put(attribute, value);
    return new Element(name, all, content);
  }

  /** The same with a class of the theme. */
  public Element styled(String name) {
    return with("class", name);
  }

  /** The same with more behind what it holds. */
  public Element add(Markup... more) {
    List<Markup> all = new ArrayList<>(content);
    all.addAll(List.of(more));
    return new Element(name, attributes, all);
  }

  @Override
  public void appendTo(StringBuilder html) {
    html.append('<').append(name);
    attributes.forEach(
        (attribute, value) -> {
          html.append(' ').append(attribute).append("=\"");
          Text.escape(value, html);
          html.append('"');
        });
    html.append('>');
    if (!VOID.contains(name)) {
      content.forEach(piece -> piece.appendTo(html));
      html.append("</").append(name).append('>');
    }
  }
}

package dev.strata.udfs.tools.benchmark;

import static dev.strata.udfs.tools.benchmark.Sweeps.span;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.strata.udfs.engine.LaneKind;
import dev.strata.udfs.engine.Span;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class TimelineSvgTest {

  private static final List<LaneKind> LANES = List.of(LaneKind.values());

  private static Element draw(long millis, Span... spans) throws Exception {
    String svg = TimelineSvg.of("a < b", "c & d", new Sweep(Sweeps.traced(millis, spans), 0));
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)))
        .getDocumentElement();
  }

  private static List<Element> elements(Element svg, String name) {
    NodeList nodes = svg.getElementsByTagName(name);
    return IntStream.range(0, nodes.getLength()).mapToObj(i -> (Element) nodes.item(i)).toList();
  }

  private static List<Element> blocks(Element svg) {
    return elements(svg, "rect").stream()
        .filter(e -> e.getAttribute("class").equals("work"))
        .toList();
  }

  private static List<String> texts(Element svg) {
    return elements(svg, "text").stream().map(Element::getTextContent).toList();
  }

  private static double number(Element element, String attribute) {
    return Double.parseDouble(element.getAttribute(attribute));
  }

  @Test
  void lanesTitlesAndTimesAreWritten() throws Exception {
    Element svg =
        draw(100, span(LaneKind.DISK, "UP", 0, 40), span(LaneKind.COMPUTE, "DOWN", 40, 100));
    assertThat(texts(svg))
        .contains("a < b", "c & d", "disk", "copy", "kv", "compute", "UP", "DOWN")
        .contains("40 % busy", "60 % busy", "0 % busy", "0 ms", "50 ms", "100 ms");
  }

  @Test
  void neighboursCloserThanAPixelBecomeOneAndGapsStay() throws Exception {
    Element svg =
        draw(
            1460, // a pixel is a millisecond
            span(LaneKind.COMPUTE, "UP", 0, 100),
            span(LaneKind.COMPUTE, "UP", 100.5, 200),
            span(LaneKind.COMPUTE, "UP", 210, 300),
            span(LaneKind.COMPUTE, "DOWN", 300, 1460));
    List<Element> blocks = blocks(svg);
    assertThat(blocks).hasSize(3);
    assertThat(number(blocks.get(0), "width")).isCloseTo(200, within(0.1));
    double end = number(blocks.get(0), "x") + number(blocks.get(0), "width");
    assertThat(number(blocks.get(1), "x") - end).isCloseTo(10, within(0.1));
    assertThat(blocks.get(2).getAttribute("fill")).isNotEqualTo(blocks.get(0).getAttribute("fill"));
  }

  @Test
  void workThatOverlapsHasRowsOfItsOwn() throws Exception {
    Element svg =
        draw(
            100,
            span(LaneKind.DISK, "UP", 0, 50),
            span(LaneKind.DISK, "UP", 10, 60),
            span(LaneKind.COMPUTE, "UP", 0, 100));
    List<Element> blocks = blocks(svg);
    assertThat(blocks).hasSize(3);
    assertThat(number(blocks.get(0), "y")).isNotEqualTo(number(blocks.get(1), "y"));
  }

  @Test
  void thereAreNeverMoreThanAFewThousandBlocks() throws Exception {
    Span[] spans =
        IntStream.range(0, 40_000)
            .mapToObj(i -> span(LANES.get(i % 4), "L" + i % 7, i, i + 0.5))
            .toArray(Span[]::new);
    List<Element> blocks = blocks(draw(40_000, spans));
    assertThat(blocks).hasSizeBetween(4, 3000);
  }
}

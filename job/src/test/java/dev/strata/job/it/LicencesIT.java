package dev.strata.job.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.Demo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What strata.jar carries has its licence in the jar, and is for platforms that Strata runs on. */
class LicencesIT {

  /** The sources of a crate, by the registry they came from, as panics name them. */
  private static final Pattern CRATE_SOURCES =
      Pattern.compile("/registry/src/[^/]+/([A-Za-z0-9_-]+?)-[0-9]+[.]");

  /** The parts that a crate was compiled in, as the table of symbols names them. */
  private static final Pattern CRATE_UNITS =
      Pattern.compile("[\\x00-\\x20]([a-z][a-z0-9_]*)[.][0-9a-f]{16}-cgu[.]");

  private static final Set<String> STANDARD_LIBRARY =
      Set.of("alloc", "compiler-builtins", "core", "panic-unwind", "std", "std-detect");

  private static final Pattern NATIVE =
      Pattern.compile(".*[.](so([.][0-9]+)*|dll|dylib|jnilib|a)$");

  private static JarFile jar;
  private static List<String> entries;
  private static List<Component> components;

  /**
   * A line of the list.
   *
   * @param entries beginnings of names
   * @param library what it is linked into, or null
   */
  private record Component(
      List<String> names,
      String licence,
      List<String> texts,
      List<String> entries,
      String library) {

    static Component parse(String line) {
      String[] fields = line.split(" [|] ", -1);
      assertThat(fields).as(line).hasSize(4);
      boolean linked = fields[3].startsWith("in ");
      return new Component(
          List.of(fields[0].split(", ")),
          fields[1],
          List.of(fields[2].split(", ")),
          linked ? List.of() : List.of(fields[3].split(" ")),
          linked ? fields[3].substring("in ".length()) : null);
    }

    boolean has(String entry) {
      return entries.stream().anyMatch(entry::startsWith);
    }
  }

  @BeforeAll
  static void open() throws IOException {
    jar = new JarFile(Demo.ROOT.resolve("job/target/strata.jar").toFile());
    entries = jar.stream().filter(e -> !e.isDirectory()).map(ZipEntry::getName).toList();
    components =
        text("META-INF/THIRD-PARTY.txt")
            .lines()
            .filter(line -> !line.isBlank() && !line.startsWith("#"))
            .map(Component::parse)
            .toList();
  }

  @AfterAll
  static void close() throws IOException {
    jar.close();
  }

  @Test
  void everyEntryIsOneComponents() {
    for (String entry : entries) {
      assertThat(components.stream().filter(component -> component.has(entry)))
          .as(entry)
          .hasSize(1);
    }
  }

  @Test
  void everyComponentIsThere() {
    for (Component component : components) {
      assertThat(component.entries())
          .allSatisfy(prefix -> assertThat(entries).anyMatch(entry -> entry.startsWith(prefix)));
      if (component.library() != null) {
        assertThat(entries).as("%s", component).anyMatch(e -> e.endsWith(component.library()));
      }
    }
  }

  @Test
  void everyLicenceHasItsTextAndEveryTextAComponent() throws IOException {
    Set<String> named =
        components.stream()
            .flatMap(component -> component.texts().stream())
            .map("META-INF/"::concat)
            .collect(Collectors.toCollection(TreeSet::new));
    for (String name : named) {
      assertThat(text(name)).as(name).hasSizeGreaterThan(500);
    }
    assertThat(entries.stream().filter(e -> e.startsWith("META-INF/licenses/"))).isSubsetOf(named);
    assertThat(components).allSatisfy(c -> assertThat(c.licence()).isNotBlank());
  }

  @Test
  void licenceAndNoticeAreTheProjects() throws IOException {
    assertThat(text("META-INF/LICENSE")).isEqualTo(Files.readString(Demo.ROOT.resolve("LICENSE")));
    assertThat(text("META-INF/NOTICE"))
        .contains(Files.readString(Demo.ROOT.resolve("NOTICE")).lines().toList())
        .contains("Apache Commons Compress", "Apache Commons Codec");
  }

  @Test
  void everyCrateOfTheTokenizersIsListed() throws IOException {
    String library = strings("native/lib/linux-x86_64/cpu/libtokenizers.so");
    Set<String> crates = new TreeSet<>();
    Stream.of(CRATE_SOURCES, CRATE_UNITS)
        .flatMap(pattern -> pattern.matcher(library).results())
        .map(found -> found.group(1).replace('_', '-'))
        .forEach(crates::add);
    crates.removeAll(STANDARD_LIBRARY);
    assertThat(crates).hasSizeGreaterThan(60).isSubsetOf(linkedInto("libtokenizers.so"));
  }

  @Test
  void everyLibraryThatPyTorchNamesIsListed() throws IOException {
    String library = strings("pytorch/cpu/linux-x86_64/libtorch_cpu.so");
    Set<String> found =
        Pattern.compile("third_party/([A-Za-z0-9_.+-]+)/")
            .matcher(library)
            .results()
            .map(one -> one.group(1).toLowerCase(Locale.ROOT))
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> listed =
        linkedInto("libtorch_cpu.so").stream()
            .map(name -> name.toLowerCase(Locale.ROOT))
            .collect(Collectors.toSet());
    assertThat(found).hasSizeGreaterThan(5).isSubsetOf(listed);
    assertThat(library.contains("Intel oneMKL"))
        .isEqualTo(listed.contains("intel oneapi math kernel library"));
  }

  @Test
  void nativesAreThoseOfPlatformsThatStrataRunsOn() {
    assertThat(entries.stream().filter(NATIVE.asMatchPredicate()))
        .allMatch(name -> name.matches(".*/linux-(x86[-_]64|aarch64)/.*"))
        .contains(
            "com/sun/jna/linux-x86-64/libjnidispatch.so",
            "com/sun/jna/linux-aarch64/libjnidispatch.so",
            "native/lib/linux-x86_64/cpu/libtokenizers.so",
            "native/lib/linux-aarch64/cpu/libtokenizers.so");
  }

  @Test
  void modelAndDataHaveTheirOwn() throws IOException {
    for (String folder : List.of("datasets", "datasets/demo-model")) {
      assertThat(Demo.ROOT.resolve(folder).resolve("LICENSE"))
          .hasSameTextualContentAs(Demo.ROOT.resolve("LICENSE"));
      assertThat(Demo.ROOT.resolve(folder).resolve("NOTICE")).isNotEmptyFile();
    }
    assertThat(Files.readString(Demo.MODEL.resolve("NOTICE")))
        .contains("Debian", "Tatoeba", "CC BY 2.0 FR");
  }

  private static Set<String> linkedInto(String library) {
    return components.stream()
        .filter(component -> library.equals(component.library()))
        .flatMap(component -> component.names().stream())
        .collect(Collectors.toSet());
  }

  private static String text(String name) throws IOException {
    return new String(bytes(name), StandardCharsets.UTF_8);
  }

  /** All bytes as characters. */
  private static String strings(String name) throws IOException {
    return new String(bytes(name), StandardCharsets.ISO_8859_1);
  }

  private static byte[] bytes(String name) throws IOException {
    ZipEntry entry = jar.getEntry(name);
    assertThat(entry).as(name).isNotNull();
    try (InputStream in = jar.getInputStream(entry)) {
      return in.readAllBytes();
    }
  }
}

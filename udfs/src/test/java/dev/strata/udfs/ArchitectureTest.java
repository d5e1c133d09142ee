package dev.strata.udfs;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rooms of the module and what each may import. */
class ArchitectureTest {

  private static final String ROOT = "dev.strata.udfs";

  private static final Map<String, Set<String>> MAY_IMPORT =
      Map.ofEntries(
          Map.entry("api", Set.of()),
          Map.entry("concurrent", Set.of()),
          Map.entry("model", Set.of("api")),
          Map.entry("store", Set.of("api", "concurrent", "model")),
          Map.entry("stream", Set.of("concurrent")),
          Map.entry("tensor", Set.of("concurrent", "stream")),
          Map.entry("kv", Set.of("concurrent", "stream", "tensor", "model")),
          Map.entry("transformer", Set.of("model", "tensor", "kv")),
          Map.entry("jinja", Set.of()),
          Map.entry("text", Set.of("api", "model", "jinja")),
          Map.entry("decode", Set.of("api")),
          Map.entry("journal", Set.of("api", "concurrent")),
          Map.entry("lock", Set.of("api")),
          Map.entry("page", Set.of()),
          Map.entry(
              "engine",
              Set.of(
                  "api",
                  "concurrent",
                  "model",
                  "store",
                  "stream",
                  "tensor",
                  "kv",
                  "transformer",
                  "decode",
                  "journal")),
          Map.entry(
              "spark",
              Set.of("api", "concurrent", "text", "decode", "model", "store", "engine", "journal")),
          Map.entry(
              "tools",
              Set.of("api", "concurrent", "engine", "tensor", "store", "model", "decode", "text")),
          Map.entry("live", Set.of("api", "concurrent", "page", "spark")),
          Map.entry("sql", Set.of("api", "live", "lock", "spark", "text")),
          Map.entry("ml", Set.of("api", "spark")));

  private static final String[] CLUSTER = {
    "org.apache.spark..", "org.apache.arrow..", "org.apache.hadoop..", "scala.."
  };

  private static final Set<String> HADOOP_OF_SPARK =
      Set.of(
          "org.apache.spark.SparkEnv",
          "org.apache.spark.SparkConf",
          "org.apache.spark.deploy.SparkHadoopUtil");

  private static JavaClasses classes;

  @BeforeAll
  static void importClasses() {
    classes =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);
    assertThat(classes).isNotEmpty();
  }

  private static Path sources() {
    return Path.of(System.getProperty("strata.root", ".."), "udfs/src/main/java/dev/strata/udfs");
  }

  static Stream<String> rooms() throws IOException {
    try (Stream<Path> directories = Files.list(sources())) {
      return directories.map(path -> path.getFileName().toString()).sorted().toList().stream();
    }
  }

  private static DescribedPredicate<JavaClass> inRooms(Set<String> rooms) {
    String[] packages = rooms.stream().map(room -> ROOT + "." + room + "..").toArray(String[]::new);
    return resideInAnyPackage(packages);
  }

  @Test
  void everyRoomIsKnown() throws IOException {
    assertThat(MAY_IMPORT.keySet()).containsAll(rooms().toList());
    noClasses()
        .should()
        .resideOutsideOfPackages(
            MAY_IMPORT.keySet().stream()
                .map(room -> ROOT + "." + room + "..")
                .toArray(String[]::new))
        .check(classes);
  }

  /**
   * What a room says after "May import:" is in the table, and it imports no more than it says;
   * {@code api}, whose exceptions and options all may use, may go unsaid.
   */
  @ParameterizedTest
  @MethodSource("rooms")
  void aRoomImportsWhatItSays(String room) throws IOException {
    Set<String> said = said(room);
    assertThat(MAY_IMPORT.get(room)).as("what %s says that it may import", room).containsAll(said);
    Set<String> allowed = new TreeSet<>(said);
    allowed.add(room);
    if (MAY_IMPORT.get(room).contains("api")) {
      allowed.add("api");
    }
    DescribedPredicate<JavaClass> others =
        resideInAPackage(ROOT + "..").and(DescribedPredicate.not(inRooms(allowed)));
    noClasses()
        .that(inRooms(Set.of(room)))
        .should()
        .dependOnClassesThat(others.as("are in rooms other than %s", allowed))
        .allowEmptyShould(true)
        .check(classes);
  }

  private static Set<String> said(String room) throws IOException {
    Path file = sources().resolve(room).resolve("package-info.java");
    assertThat(file).exists();
    String text = Files.readString(file).replaceAll("\\s+\\*\\s+", " ");
    int sentence = text.indexOf("May import: ");
    assertThat(sentence).as("'May import: ' in %s", file).isPositive();
    String said = text.substring(sentence);
    return said.startsWith("May import: all rooms above it")
        ? MAY_IMPORT.get(room)
        : Pattern.compile("\\{@code (\\w+)}")
            .matcher(said)
            .results()
            .map(match -> match.group(1))
            .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void roomsAreFreeOfCycles() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(classes);
  }

  @Test
  void onlyTensorTouchesDjl() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + ".tensor..", ROOT + ".text..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.djl..")
        .check(classes);
  }

  @Test
  void textUsesTokenizersAlone() {
    DescribedPredicate<JavaClass> djl = resideInAPackage("ai.djl..");
    DescribedPredicate<JavaClass> tokenizers = resideInAPackage("ai.djl.huggingface..");
    noClasses()
        .that(inRooms(Set.of("text")))
        .should()
        .dependOnClassesThat(djl.and(DescribedPredicate.not(tokenizers)))
        .allowEmptyShould(true)
        .check(classes);
  }

  /** Not every Spark has it. */
  @Test
  void onlyPipelinesNeedMllib() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + ".ml..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.spark.ml..", "org.apache.spark.mllib..")
        .orShould()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".ml..")
        .check(classes);
  }

  @Test
  void mostRoomsKnowNothingOfTheCluster() {
    noClasses()
        .that(
            DescribedPredicate.not(
                inRooms(Set.of("spark", "live", "sql", "ml", "journal", "lock", "text", "store"))))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(CLUSTER)
        .check(classes);
    DescribedPredicate<JavaClass> notArrow =
        describe("are not Arrow's", c -> !c.getPackageName().startsWith("org.apache.arrow"));
    noClasses()
        .that(inRooms(Set.of("text")))
        .should()
        .dependOnClassesThat(resideInAnyPackage(CLUSTER).and(notArrow))
        .allowEmptyShould(true)
        .check(classes);
    DescribedPredicate<JavaClass> notHadoop =
        describe(
            "are neither Hadoop's nor what Spark configures it with",
            c ->
                !c.getPackageName().startsWith("org.apache.hadoop")
                    && !HADOOP_OF_SPARK.contains(c.getName()));
    noClasses()
        .that(inRooms(Set.of("store")))
        .should()
        .dependOnClassesThat(resideInAnyPackage(CLUSTER).and(notHadoop))
        .check(classes);
  }
}

package dev.strata.job;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The rooms of the driver, as their package-info says. */
@AnalyzeClasses(packages = "dev.strata", importOptions = ImportOption.DoNotIncludeTests.class)
class RoomsTest {

  @ArchTest
  static final ArchRule ROOMS =
      layeredArchitecture()
          .consideringOnlyDependenciesInAnyPackage("dev.strata.job..")
          .layer("cli")
          .definedBy("dev.strata.job.cli")
          .layer("run")
          .definedBy("dev.strata.job.run")
          .layer("dataset")
          .definedBy("dev.strata.job.dataset")
          .layer("openai")
          .definedBy("dev.strata.job.openai")
          .layer("plan")
          .definedBy("dev.strata.job.plan")
          .layer("progress")
          .definedBy("dev.strata.job.progress")
          .layer("report")
          .definedBy("dev.strata.job.report")
          .layer("sql")
          .definedBy("dev.strata.job.sql")
          .whereLayer("cli")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("run")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("sql")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("dataset")
          .mayOnlyBeAccessedByLayers("run", "sql")
          .whereLayer("openai")
          .mayOnlyBeAccessedByLayers("dataset")
          .whereLayer("plan")
          .mayOnlyBeAccessedByLayers("run")
          .whereLayer("progress")
          .mayOnlyBeAccessedByLayers("run")
          .whereLayer("report")
          .mayOnlyBeAccessedByLayers("run", "cli", "progress")
          .ensureAllClassesAreContainedInArchitectureIgnoring("dev.strata.udfs..");

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("dev.strata.job.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule DOORS =
      noClasses()
          .that()
          .resideInAPackage("dev.strata.job..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.strata.udfs.decode..",
              "dev.strata.udfs.engine..",
              "dev.strata.udfs.jinja..",
              "dev.strata.udfs.kv..",
              "dev.strata.udfs.model..",
              "dev.strata.udfs.store..",
              "dev.strata.udfs.stream..",
              "dev.strata.udfs.tensor..",
              "dev.strata.udfs.text..",
              "dev.strata.udfs.transformer..");

  @ArchTest
  static final ArchRule PLANNING_NEEDS_NO_SPARK =
      classes()
          .that()
          .resideInAPackage("dev.strata.job.plan")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage("java..", "dev.strata.job.plan", "dev.strata.udfs.api");

  @ArchTest
  static final ArchRule OPTIONS_STAY_AT_THE_EDGE =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.strata.job.cli")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("picocli..");
}

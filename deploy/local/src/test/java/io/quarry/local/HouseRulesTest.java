package io.quarry.local;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysTrue;
import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Set;
import org.junit.jupiter.api.Assertions;

/** The rules of the house that a compiler does not know, for all modules: this one sees them all. */
@AnalyzeClasses(packages = "io.quarry", importOptions = ImportOption.DoNotIncludeTests.class)
final class HouseRulesTest {
    private static final String GENERATED = "io.quarry.avro..";

    /** What decides and does nothing else. A class that moves is named here anew: see everyPureClassIsThere. */
    private static final Set<String> PURE = Set.of(
            "io.quarry.schemas.Placement",
            "io.quarry.schemas.JobRules",
            "io.quarry.schemas.OfflineQueryRules",
            "io.quarry.schemas.GroupRules",
            "io.quarry.schemas.Quantities",
            "io.quarry.schemas.JobIds",
            "io.quarry.schemas.States",
            "io.quarry.schemas.Topics",
            "io.quarry.engine.query.EngineBudget",
            "io.quarry.schemas.DatasetLayout",
            "io.quarry.scheduler.collect.Collection",
            "io.quarry.scheduler.collect.PartitionView",
            "io.quarry.local.MachineRoom",
            "io.quarry.scheduler.launch.Board",
            "io.quarry.scheduler.launch.PodEvents",
            "io.quarry.scheduler.launch.Turns",
            "io.quarry.scheduler.launch.Wish",
            "io.quarry.scheduler.pods.PodCauses",
            "io.quarry.scheduler.pool.EndedClaims",
            "io.quarry.scheduler.pool.WorkerDeath",
            "io.quarry.scheduler.lifecycle.Lifecycle",
            "io.quarry.scheduler.lifecycle.RetryPolicy",
            "io.quarry.scheduler.lifecycle.Rows");

    /** Where a process begins: there the clock, the environment and the way out are taken, and handed on. */
    private static final DescribedPredicate<JavaClass> ROOTS = describe("mains and roots", type -> {
        JavaClass outermost = type;
        while (outermost.getEnclosingClass().isPresent()) {
            outermost = outermost.getEnclosingClass().get();
        }
        String name = outermost.getSimpleName();
        return name.endsWith("Main")
                || name.endsWith("Process")
                || name.equals("LocalMode")
                || name.equals("QuarryClient");
    });

    private static final DescribedPredicate<JavaAccess<?>> CLOCK_ENVIRONMENT_EXIT =
            describe("the clock, the environment or the way out", access -> {
                AccessTarget target = access.getTarget();
                String name = target.getName();
                return switch (target.getOwner().getName()) {
                    case "java.time.Instant",
                            "java.time.LocalDate",
                            "java.time.LocalDateTime",
                            "java.time.ZonedDateTime" -> name.equals("now");
                    case "java.time.Clock", "java.time.InstantSource" -> name.startsWith("system");
                    case "java.lang.System" ->
                        name.equals("getenv") || name.equals("exit") || name.equals("currentTimeMillis");
                    case "java.lang.Runtime" -> name.equals("exit");
                    default -> false;
                };
            });

    @ArchTest
    static final ArchRule clockEnvironmentAndExitComeInByTheFrontDoor = noClasses()
            .that(DescribedPredicate.not(ROOTS))
            .and(resideOutsideOfPackages(GENERATED))
            .should()
            .accessTargetWhere(CLOCK_ENVIRONMENT_EXIT)
            .because("whoever needs them is given them, so that a test can give others");

    @ArchTest
    static final ArchRule whatDecidesImportsNoMeansToAct = noClasses()
            .that(describe("decide only", type -> PURE.contains(outermost(type))))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "org.apache.kafka..",
                    "org.slf4j..",
                    "ch.qos.logback..",
                    "java.sql..",
                    "org.duckdb..",
                    "java.net..",
                    "java.nio.file..");

    @ArchTest
    static void everyPureClassIsThere(JavaClasses classes) {
        PURE.forEach(name -> Assertions.assertTrue(classes.contain(name), name + " is gone: name its successor"));
    }

    @ArchTest
    static final ArchRule namesSayWhatAClassIs = noClasses()
            .that(resideOutsideOfPackages(GENERATED))
            .should()
            .haveNameMatching(".*[.$](Abstract\\w+|\\w*(Manager|Helper|Helpers|Util|Utils|Impl))")
            .because("such names say nothing that their place does not say");

    @ArchTest
    static final ArchRule featuresOfTheSchedulerMeetOnlyAtTopics = slices().matching("io.quarry.scheduler.(*)..")
            .should()
            .notDependOnEachOther()
            // No features: what every topology stands on, and what all pods have in common. They depend on none of
            // them.
            .ignoreDependency(alwaysTrue(), resideInAPackage("io.quarry.scheduler.streams.."))
            .ignoreDependency(alwaysTrue(), resideInAPackage("io.quarry.scheduler.pods.."));

    @ArchTest
    static final ArchRule theContractKnowsNobody = noClasses()
            .that(resideInAPackage("io.quarry.schemas.."))
            .should()
            .dependOnClassesThat(
                    resideInAPackage("io.quarry..").and(resideOutsideOfPackages("io.quarry.schemas..", GENERATED)));

    @ArchTest
    static final ArchRule theRulesOfTheContractArePure = noClasses()
            .that(resideInAPackage("io.quarry.schemas"))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.kafka..", "org.slf4j..", "java.sql..", "java.net..");

    @ArchTest
    static final ArchRule theClientKnowsTheContractOnly = onlyKnows("io.quarry.client..", "io.quarry.schemas..");

    @ArchTest
    static final ArchRule theEngineKnowsTheContractOnly = onlyKnows("io.quarry.engine..", "io.quarry.schemas..");

    @ArchTest
    static final ArchRule theWorkerKnowsTheContractAndTheEngine =
            onlyKnows("io.quarry.worker..", "io.quarry.schemas..", "io.quarry.engine");

    @ArchTest
    static final ArchRule theSchedulerKnowsTheContractOnly = onlyKnows("io.quarry.scheduler..", "io.quarry.schemas..");

    @ArchTest
    static final ArchRule theEngineKnowsNoKafka = noClasses()
            .that(resideInAPackage("io.quarry.engine.."))
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.apache.kafka..");

    @ArchTest
    static final ArchRule duckDbIsTheEnginesAndTheCheckers = noClasses()
            .that(resideOutsideOfPackages(
                    "io.quarry.engine..",
                    "io.quarry.local.cli..",
                    "io.quarry.local.audit..",
                    "io.quarry.local.chaos..",
                    GENERATED))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.duckdb..", "java.sql..");

    @ArchTest
    static final ArchRule onlyTheSchedulerKnowsStreams = noClasses()
            .that(resideOutsideOfPackages("io.quarry.scheduler..", GENERATED))
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.apache.kafka.streams..");

    @ArchTest
    static final ArchRule theAuditorKnowsTheContractOnly = onlyKnows("io.quarry.local.audit..", "io.quarry.schemas..");

    @ArchTest
    static final ArchRule nobodyPrintsButCommands = noClasses()
            .that(resideOutsideOfPackages("io.quarry.local.cli..", GENERATED))
            .and(DescribedPredicate.not(ROOTS))
            .should()
            .accessField(System.class, "out");

    @ArchTest
    static final ArchRule recordsOfTheWireComeFromTheContract = classes()
            .that()
            .resideInAPackage(GENERATED)
            .should()
            .onlyBeAccessed()
            .byAnyPackage("io.quarry..");

    private static ArchRule onlyKnows(String module, String... known) {
        String[] allowed = new String[known.length + 2];
        System.arraycopy(known, 0, allowed, 0, known.length);
        allowed[known.length] = module;
        allowed[known.length + 1] = GENERATED;
        return noClasses()
                .that(resideInAPackage(module))
                .should()
                .dependOnClassesThat(resideInAPackage("io.quarry..").and(resideOutsideOfPackages(allowed)));
    }

    private static String outermost(JavaClass type) {
        String name = type.getName();
        int nested = name.indexOf('$');
        return nested < 0 ? name : name.substring(0, nested);
    }
}

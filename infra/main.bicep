metadata description = 'Everything that the app needs in Azure, from the identity to the budget. Each module is one concern; docs/deployment.md tells how to deploy.'

targetScope = 'subscription'

// ---------- Parameters: what differs between environments ----------

@description('Required. Name of the environment; everything is named after it.')
@minLength(1)
@maxLength(20)
param environmentName string

@description('Required. Region of all resources; Flex Consumption and Python 3.13 have to be there.')
@minLength(1)
param location string

type durableBackend = 'azureStorage' | 'durableTaskScheduler'

@description('Optional. Where orchestrations are kept: in a storage account of their own, or in a Durable Task Scheduler.')
param backend durableBackend = 'azureStorage'

@description('Optional. Task hub name. Apps that share a backend need different ones.')
@minLength(3)
@maxLength(45)
param taskHubName string = 'workflows'

@description('Optional. Parts of the task hub that orchestrations are spread over, where storage is the backend. It cannot change later.')
@minValue(1)
@maxValue(16)
param partitionCount int = 4

type schedulerPlan = 'Consumption' | 'Dedicated'

@description('Optional. Plan of the scheduler, where that is the backend.')
param schedulerPlanName schedulerPlan = 'Consumption'

@description('Optional. Units of the Dedicated plan; three are spread over zones.')
@minValue(1)
@maxValue(3)
param schedulerCapacity int = 1

@description('Optional. Addresses that may reach the scheduler without private networking, as CIDR.')
param schedulerAllowedAddresses array = []

@description('Optional. Whether storage, vault and scheduler are reached through a virtual network alone.')
param privateNetworking bool = true

@description('Optional. Address space of the virtual network.')
param addressPrefix string = '10.20.0.0/23'

@description('Optional. The part of it that the app goes out from.')
param appPrefix string = '10.20.0.0/24'

@description('Optional. The part of it that private endpoints have addresses in.')
param endpointsPrefix string = '10.20.1.0/26'

@description('Optional. Whether the plan is spread over zones.')
param zoneRedundant bool = true

type replication = 'Standard_LRS' | 'Standard_ZRS' | 'Standard_GZRS' | 'Standard_RAGZRS'

@description('Optional. How storage keeps its copies; the zone-redundant ones go with zoneRedundant.')
param storageSku replication = 'Standard_ZRS'

@description('Optional. Days in which deleted blobs come back.')
@minValue(1)
@maxValue(365)
param restoreDays int = 30

@description('Optional. Whether locks keep what holds state from being deleted.')
param deleteLocks bool = true

type instanceMemory = 512 | 2048 | 4096

@description('Optional. Memory of an instance in MB: 2048 has one core, 4096 two.')
param instanceMemoryMB instanceMemory = 2048

@description('Optional. Instances that there may be at most.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 100

@description('Optional. Instances that are always there for workflows; two where zones are spanned.')
@minValue(1)
param alwaysReadyDurable int = 2

@description('Optional. Instances that are always there for requests; 0 accepts a cold start.')
@minValue(0)
param alwaysReadyHttp int = 2

@description('Optional. Worker processes of an instance: one for each core.')
@minValue(1)
@maxValue(4)
param workerProcesses int = 1

@description('Optional. Threads of a worker process: what runs at the same time.')
@minValue(1)
@maxValue(32)
param workerThreads int = 16

@description('Optional. Client id of the app registration that people sign in with; empty leaves sign-in off.')
param entraClientId string = ''

type withoutSignIn = 'RedirectToLoginPage' | 'Return401' | 'AllowAnonymous'

@description('Optional. What becomes of a request that proves nobody, where people sign in.')
param unauthenticated withoutSignIn = 'RedirectToLoginPage'

@description('Required. Addresses that alerts are mailed to.')
@minLength(1)
param alertMails array

type telemetryAdapter = 'none' | 'opencensus' | 'azure_monitor'

@description('Optional. What the app itself sends telemetry with, beside the host.')
param telemetry telemetryAdapter = 'azure_monitor'

@description('Optional. Whether an hour without any report is an alarm: where orders come round the clock.')
param alertOnSilence bool = false

@description('Required. Where the app tells operators that a workflow needs them.')
param operatorsMail string

@description('Optional. Who approves in which role, as JSON: {"manager": ["manager@example.com"]}.')
param approvalRoles string = ''

@description('Optional. Address that people reach the app by, where it has a domain of its own.')
param publicUrl string = ''

@description('Optional. App settings whose values are secrets of the vault, as {SETTING: \'name-of-the-secret\'}.')
param secretSettings object = {}

@description('Optional. App settings on top of all others.')
param extraSettings object = {}

@description('Optional. Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

@description('Optional. Gigabytes of logs a day after which collection stops; -1 for no limit.')
@minValue(-1)
param logDailyCapGb int = 5

@description('Required. What the environment may cost in a month, in the currency of the bill.')
@minValue(1)
param monthlyBudget int

@description('Required. First day of the month of the first deployment, as yyyy-MM-01; Azure does not let it change later.')
@minLength(10)
@maxLength(10)
param budgetStart string

// ---------- Names ----------

var token = uniqueString(subscription().id, environmentName, location)
var name = '${environmentName}-${token}'
var tags = {
  'azd-env-name': environmentName
  workload: 'workflow-functions'
}
var packageContainer = 'package'
var usesScheduler = backend == 'durableTaskScheduler'

// ---------- Contents ----------

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

// Who the app is.
module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-${name}'
    location: location
    tags: tags
  }
}

// Where everything is logged.
module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    name: name
    location: location
    tags: tags
    senderPrincipalId: identity.outputs.principalId
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
    deleteLock: deleteLocks
  }
}

// How the app reaches its data without the internet.
module network 'modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  scope: group
  params: {
    name: name
    location: location
    tags: tags
    addressPrefix: addressPrefix
    appPrefix: appPrefix
    endpointsPrefix: endpointsPrefix
    workspaceId: monitoring.outputs.workspaceId
  }
}

// The host's leases and keys, the package, the app's own tables and blobs, and the queues that orders come by.
module hostStorage 'modules/storage.bicep' = {
  name: 'host-storage'
  scope: group
  params: {
    name: 'sthost${token}'
    location: location
    tags: union(tags, { purpose: 'host, package and ledgers' })
    sku: storageSku
    containers: [packageContainer]
    // Senders of orders get Storage Queue Data Message Sender on the first, and on nothing else.
    queues: ['app-orders', 'app-orders-poison']
    services: ['blob', 'queue', 'table']
    principalId: identity.outputs.principalId
    // Owner, because the host takes leases and sets what only an owner of blobs may; it holds no other account so.
    // Contributor of queues, because the host takes messages, hides them, and puts away those that keep failing.
    roles: ['blobOwner', 'queueContributor', 'tableContributor']
    endpointsSubnetId: network.?outputs.endpointsSubnetId ?? ''
    zoneIds: network.?outputs.zoneIds ?? {}
    restoreDays: restoreDays
    workspaceId: monitoring.outputs.workspaceId
    deleteLock: deleteLocks
  }
}

// The task hub, either in an account of its own, so that its traffic never throttles the rest, ...
module taskHubStorage 'modules/storage.bicep' = if (!usesScheduler) {
  name: 'task-hub-storage'
  scope: group
  params: {
    name: 'sthub${token}'
    location: location
    tags: union(tags, { purpose: 'task hub' })
    sku: storageSku
    services: ['blob', 'queue', 'table']
    principalId: identity.outputs.principalId
    roles: ['blobContributor', 'queueContributor', 'tableContributor']
    endpointsSubnetId: network.?outputs.endpointsSubnetId ?? ''
    zoneIds: network.?outputs.zoneIds ?? {}
    restoreDays: restoreDays
    workspaceId: monitoring.outputs.workspaceId
    deleteLock: deleteLocks
  }
}

// ... or in a scheduler.
module scheduler 'modules/durable-task-scheduler.bicep' = if (usesScheduler) {
  name: 'scheduler'
  scope: group
  params: {
    name: 'dts-${token}'
    location: location
    tags: tags
    taskHubName: taskHubName
    plan: schedulerPlanName
    capacity: schedulerCapacity
    retentionDays: 30
    allowedAddresses: schedulerAllowedAddresses
    workerPrincipalId: identity.outputs.principalId
    endpointsSubnetId: network.?outputs.endpointsSubnetId ?? ''
    zoneIds: network.?outputs.zoneIds ?? {}
    deleteLock: deleteLocks
  }
}

// What cannot be an identity.
module vault 'modules/key-vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    name: 'kv-${token}'
    location: location
    tags: tags
    readerPrincipalId: identity.outputs.principalId
    endpointsSubnetId: network.?outputs.endpointsSubnetId ?? ''
    zoneIds: network.?outputs.zoneIds ?? {}
    workspaceId: monitoring.outputs.workspaceId
    deleteLock: deleteLocks
  }
}

// The app itself.
module app 'modules/function-app.bicep' = {
  name: 'app'
  scope: group
  params: {
    name: 'func-${name}'
    location: location
    tags: tags
    identityId: identity.outputs.resourceId
    identityClientId: identity.outputs.clientId
    hostStorageName: hostStorage.outputs.accountName
    hostStorageBlobEndpoint: hostStorage.outputs.blobEndpoint
    packageContainer: packageContainer
    taskHubName: taskHubName
    backend: backend
    taskHubStorageName: taskHubStorage.?outputs.accountName ?? ''
    partitionCount: partitionCount
    schedulerEndpoint: scheduler.?outputs.endpoint ?? ''
    insightsConnectionString: monitoring.outputs.connectionString
    workspaceId: monitoring.outputs.workspaceId
    vaultUri: vault.outputs.vaultUri
    subnetId: network.?outputs.appSubnetId ?? ''
    zoneRedundant: zoneRedundant
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyDurable: alwaysReadyDurable
    alwaysReadyHttp: alwaysReadyHttp
    workerProcesses: workerProcesses
    workerThreads: workerThreads
    entraClientId: entraClientId
    telemetry: telemetry
    operatorsMail: operatorsMail
    approvalRoles: approvalRoles
    publicUrl: publicUrl
    secretSettings: secretSettings
    extraSettings: extraSettings
    deleteLock: deleteLocks
  }
}

// Who may come in.
module signIn 'modules/sign-in.bicep' = if (!empty(entraClientId)) {
  name: 'sign-in'
  scope: group
  params: {
    appName: app.outputs.appName
    entraClientId: entraClientId
    unauthenticated: unauthenticated
  }
}

// Who is told when something is wrong, and what counts as wrong.
module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    name: name
    location: location
    tags: tags
    insightsId: monitoring.outputs.insightsId
    mails: alertMails
    alertOnSilence: alertOnSilence
  }
}

// What people look at.
module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    name: name
    location: location
    tags: tags
    insightsId: monitoring.outputs.insightsId
  }
}

// What it may cost.
module budget 'modules/budget.bicep' = {
  name: 'budget'
  scope: group
  params: {
    name: 'budget-${environmentName}'
    amount: monthlyBudget
    startDate: budgetStart
    actionGroupId: alerts.outputs.actionGroupId
  }
}

// ---------- Outputs: azd keeps them as environment variables ----------

@description('Region of all resources.')
output AZURE_LOCATION string = location

@description('Resource group of all resources.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Name of the function app.')
output FUNCTION_APP_NAME string = app.outputs.appName

@description('Where the app is reached.')
output FUNCTION_APP_URL string = app.outputs.uri

@description('Name of the vault.')
output KEY_VAULT_NAME string = vault.outputs.vaultName

@description('Name of the Application Insights component.')
output APPLICATION_INSIGHTS_NAME string = monitoring.outputs.insightsName

@description('Principal that an app registration trusts for sign-in without a secret.')
output APP_IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId

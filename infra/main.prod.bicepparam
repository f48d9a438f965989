using './main.bicep'

// Production: private, spread over zones, locked. The pipeline takes this file; its environment holds the variables,
// and one that is missing stops the deployment before it begins.

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME')
param location = readEnvironmentVariable('AZURE_LOCATION')

param backend = 'azureStorage'
param partitionCount = 16

param privateNetworking = true
param zoneRedundant = true
param storageSku = 'Standard_GZRS'
param restoreDays = 30
param deleteLocks = true

param instanceMemoryMB = 2048
param maximumInstanceCount = 200
param alwaysReadyDurable = 2
param alwaysReadyHttp = 2

param entraClientId = readEnvironmentVariable('ENTRA_CLIENT_ID')
param alertOnSilence = true
param alertMails = [readEnvironmentVariable('ALERT_MAIL')]
param operatorsMail = readEnvironmentVariable('OPERATORS_MAIL')
param approvalRoles = readEnvironmentVariable('APPROVAL_ROLES')
param secretSettings = {
  APPROVAL_LINK_KEYS: 'approval-link-keys'
}

param logRetentionDays = 180
param logDailyCapGb = 20

param monthlyBudget = 1000
param budgetStart = readEnvironmentVariable('BUDGET_START')
